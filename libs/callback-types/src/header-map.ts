import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** Header names and values of a callback. */
export type HeaderMap = Readonly<Record<string, string>>;

/** `token` of RFC 9110, section 5.6.2. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** `field-value` of RFC 9110, section 5.5, without obs-text: visible ASCII, spaces and tabs. */
const VALUE = /^[\t\x20-\x7e]*$/;

interface ReservedHeaders {
  readonly names: ReadonlySet<string>;
  readonly prefixes: readonly string[];
  readonly message: string;
}

function headerNameIssue(name: string, reserved: ReservedHeaders): string | undefined {
  if (name.length > LIMITS.headerNameLength)
    return `name is longer than ${LIMITS.headerNameLength} characters`;
  if (/[\r\n]/.test(name)) return 'name must not contain line breaks';
  if (!NAME.test(name)) return 'name has characters that a header name may not have';
  const lower = name.toLowerCase();
  if (reserved.names.has(lower) || reserved.prefixes.some((prefix) => lower.startsWith(prefix)))
    return reserved.message;
  return undefined;
}

function headerValueIssue(value: string): string | undefined {
  if (value.length > LIMITS.headerValueLength)
    return `value is longer than ${LIMITS.headerValueLength} characters`;
  if (/[\r\n]/.test(value)) return 'value must not contain line breaks';
  if (!VALUE.test(value)) return 'value has characters other than visible ASCII, spaces and tabs';
  return undefined;
}

/** Headers as a request may give them: legal names and values, none that the transport sets itself. */
export function headerMapSchema(reserved: ReservedHeaders) {
  const checked = z.record(z.string(), z.string()).superRefine((headers, context) => {
    const names = Object.keys(headers);
    if (names.length > LIMITS.headerCount)
      context.addIssue({
        code: 'custom',
        message: `must hold at most ${LIMITS.headerCount} headers, holds ${names.length}`,
      });
    const seen = new Set<string>();
    for (const name of names) {
      const lower = name.toLowerCase();
      const message =
        headerNameIssue(name, reserved) ??
        headerValueIssue(headers[name] ?? '') ??
        (seen.has(lower) ? 'is given twice, in different cases' : undefined);
      seen.add(lower);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
    }
  });
  // What JSON Schema can say of it.
  return checked.meta({
    maxProperties: LIMITS.headerCount,
    propertyNames: { type: 'string', maxLength: LIMITS.headerNameLength, pattern: NAME.source },
    additionalProperties: { type: 'string', maxLength: LIMITS.headerValueLength, pattern: VALUE.source },
  });
}

/**
 * Headers of a stored row, read as the first timer service read them: the string values of an object; anything else is
 * no header. "No headers" has three spellings in the table: JSON null, an absent key, an empty object.
 */
export const storedHeaderMapSchema = z
  .unknown()
  .optional()
  .transform((stored): HeaderMap => {
    if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return {};
    const strings = Object.entries(stored).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return Object.fromEntries(strings);
  });
