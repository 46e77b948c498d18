import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** Header names and values of a callback. */
export type HeaderMap = Readonly<Record<string, string>>;

/** `token` in RFC 9110, section 5.6.2. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** `field-value` in RFC 9110, section 5.5, without obs-text: visible ASCII, spaces and tabs. */
const VALUE = /^[\t\x20-\x7e]*$/;

/** Headers that a request must not set. Names and prefixes are in lower case. */
interface ReservedHeaders {
  readonly names: ReadonlySet<string>;
  readonly prefixes: readonly string[];
  readonly message: string;
}

function headerNameIssue(name: string, reserved: ReservedHeaders): string | undefined {
  if (name.length > LIMITS.headerNameLength)
    return `name must have at most ${LIMITS.headerNameLength} characters`;
  if (/[\r\n]/.test(name)) return 'name must not contain line breaks';
  if (!NAME.test(name)) return 'name contains characters that are not allowed in header names';
  const lower = name.toLowerCase();
  if (reserved.names.has(lower) || reserved.prefixes.some((prefix) => lower.startsWith(prefix)))
    return reserved.message;
  return undefined;
}

function headerValueIssue(value: string): string | undefined {
  if (value.length > LIMITS.headerValueLength)
    return `value must have at most ${LIMITS.headerValueLength} characters`;
  if (/[\r\n]/.test(value)) return 'value must not contain line breaks';
  if (!VALUE.test(value)) return 'value must contain only visible ASCII characters, spaces and tabs';
  return undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Headers in a request: legal names and values, no reserved headers. */
export function headerMapSchema(reserved: ReservedHeaders) {
  const checked = z
    .custom<Record<string, string>>(isObject, { error: 'must be an object of strings' })
    .superRefine((headers: Readonly<Record<string, unknown>>, context) => {
      const names = Object.keys(headers);
      // The only issue: to check and to report each of 100,000 headers would take a second.
      if (names.length > LIMITS.headerCount) {
        context.addIssue({
          code: 'custom',
          message: `must have at most ${LIMITS.headerCount} headers, got ${names.length}`,
        });
        return;
      }
      const seen = new Set<string>();
      for (const name of names) {
        const lower = name.toLowerCase();
        const value = headers[name];
        const message =
          headerNameIssue(name, reserved) ??
          (typeof value === 'string' ? headerValueIssue(value) : 'value must be a string') ??
          (seen.has(lower) ? 'duplicates another header: names are case-insensitive' : undefined);
        seen.add(lower);
        if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
      }
    });
  // The rules that JSON Schema can express.
  return checked.meta({
    type: 'object',
    maxProperties: LIMITS.headerCount,
    propertyNames: { type: 'string', maxLength: LIMITS.headerNameLength, pattern: NAME.source },
    additionalProperties: { type: 'string', maxLength: LIMITS.headerValueLength, pattern: VALUE.source },
  });
}

/**
 * Headers in a stored row. Keeps the string values of an object and ignores everything else, as the first service did.
 * The table has three forms of "no headers": JSON null, an absent key and an empty object.
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
