import { z } from 'zod';
import { headerMapSchema, storedHeaderMapSchema } from './header-map.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';

/** Headers that belong to the connection or that every delivery sets itself. */
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
  message: 'is set by the delivery itself and cannot be given',
};

/** What keeps a text from being the URL of a request's callback; `undefined` when nothing does. */
function requestUrlIssue(text: string): string | undefined {
  // The parser of the URL standard drops, trims or rewrites these without a word.
  if (/[\s\\\u0000-\u001f\u007f]/.test(text))
    return 'must not contain spaces, control characters or backslashes';
  if (!text.isWellFormed()) return 'must be well-formed Unicode: it holds half of a surrogate pair';
  if (!URL.canParse(text)) return 'must be an absolute URL';
  // Such as "http:example.com" and "http:///example.com", which the standard reads as "http://example.com".
  if (!/^https?:\/\/[^/]/i.test(text)) return 'must start with http:// or https:// and the name of a host';
  const { username, password } = new URL(text);
  if (username !== '' || password !== '')
    return 'must not hold a user name or password: use an Authorization header';
  return undefined;
}

/** What keeps a stored text from being called; the first timer service read URLs by the same standard. */
function storedUrlIssue(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL';
  // Nearly every URL passes here; taking each apart would be a tenth of the cost of reading a row.
  if (/^https?:/.test(text)) return undefined;
  return /^https?:$/.test(new URL(text).protocol) ? undefined : 'must start with http:// or https://';
}

function urlSchema(issue: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = issue(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** An HTTP callback as a request gives it. */
export const httpCallbackSchema = z
  .strictObject({
    type: z.literal('http'),
    url: urlSchema(requestUrlIssue)
      .max(LIMITS.urlLength)
      .meta({
        description: 'Where to POST: an absolute http or https URL',
        pattern: '^[hH][tT][tT][pP][sS]?://[^/]',
        examples: ['https://example.com/hook'],
      }),
    headers: headerMapSchema(RESERVED).nullish().meta({ description: 'Sent as they are' }),
    payload: jsonValueSchema(LIMITS.payloadBytes)
      .optional()
      .meta({ description: 'The JSON body; null or absent: no body' }),
    timeout_ms: z
      .int()
      .min(100)
      .max(300_000)
      .optional()
      .meta({ description: 'How long one attempt may take, in milliseconds; 30,000 when absent' }),
  })
  .meta({ id: 'HttpCallback' });

/** An HTTP callback as a request gives it. */
export type HttpCallback = z.infer<typeof httpCallbackSchema>;

/**
 * An HTTP callback as a stored row holds it, whoever wrote the row: unknown fields and odd headers are passed over.
 * `payload` is absent where the reader of the row left it out.
 */
export const storedHttpCallbackSchema = z.object({
  type: z.literal('http'),
  url: urlSchema(storedUrlIssue),
  headers: storedHeaderMapSchema,
  payload: z.unknown().optional(),
  timeout_ms: z.int().positive().optional().catch(undefined),
});

/** An HTTP callback as read from a stored row. */
export type StoredHttpCallback = z.infer<typeof storedHttpCallbackSchema>;
