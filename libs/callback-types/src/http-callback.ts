import { z } from 'zod';
import { canParseUrl } from './can-parse-url.ts';
import { checkedString } from './checked-string.ts';
import { headerMapSchema, storedHeaderMapSchema } from './header-map.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';

/** Headers that belong to the connection or that the service sets itself. */
const RESERVED = {
  names: new Set([
    'connection',
    'content-length',
    'expect',
    'host',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ]),
  prefixes: ['webhook-'],
  message: 'is reserved: the service sets this header',
};

/** Returns why a request must not use this URL, or `undefined` if it is valid. */
function requestUrlIssue(text: string): string | undefined {
  // URL parsers remove or rewrite these characters silently.
  if (/[\s\\\u0000-\u001f\u007f]/.test(text))
    return 'must not contain spaces, control characters or backslashes';
  if (!text.isWellFormed()) return 'must be well-formed Unicode, without lone surrogates';
  if (!canParseUrl(text)) return 'must be an absolute URL';
  // URL parsers read "http:example.com" and "http:///example.com" as "http://example.com".
  if (!/^https?:\/\/[^/]/i.test(text)) return 'must start with http:// or https://, followed by a host name';
  const { username, password } = new URL(text);
  if (username !== '' || password !== '')
    return 'must not contain a user name or password: use an Authorization header';
  return undefined;
}

/** Returns why a stored URL cannot be called, or `undefined`. The first service used the same URL parser. */
function storedUrlIssue(text: string): string | undefined {
  if (!canParseUrl(text)) return 'must be an absolute URL';
  // Nearly every URL returns here: parsing each one would be a tenth of the cost of reading a row.
  if (/^https?:/.test(text)) return undefined;
  return /^https?:$/.test(new URL(text).protocol) ? undefined : 'must start with http:// or https://';
}

/** An HTTP callback in a request. */
export const httpCallbackSchema = z
  .strictObject({
    type: z.literal('http'),
    url: checkedString(requestUrlIssue)
      .max(LIMITS.urlLength)
      .meta({
        description: 'Target of the POST request: an absolute http or https URL',
        pattern: '^[hH][tT][tT][pP][sS]?://[^/]',
        examples: ['https://example.com/hook'],
      }),
    headers: headerMapSchema(RESERVED).nullish().meta({ description: 'Sent unchanged' }),
    payload: jsonValueSchema(LIMITS.payloadBytes)
      .optional()
      .meta({ description: 'JSON body of the request; no body if null or absent' }),
    timeout_ms: z
      .int()
      .min(100)
      .max(300_000)
      .optional()
      .meta({ description: 'Time limit of one attempt in milliseconds; 30,000 by default' }),
  })
  .meta({ id: 'HttpCallback' });

/** An HTTP callback in a request. */
export type HttpCallback = z.infer<typeof httpCallbackSchema>;

/**
 * An HTTP callback in a stored row, of any version. Ignores unknown fields and malformed headers. `payload` is absent if
 * the row was read without it.
 */
export const storedHttpCallbackSchema = z.object({
  type: z.literal('http'),
  url: checkedString(storedUrlIssue),
  headers: storedHeaderMapSchema,
  payload: z.unknown().optional(),
  timeout_ms: z.int().positive().optional().catch(undefined),
});

/** An HTTP callback in a stored row. */
export type StoredHttpCallback = z.infer<typeof storedHttpCallbackSchema>;
