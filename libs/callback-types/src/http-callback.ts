import { z } from 'zod';
import { headerMapSchema, storedHeaderMapSchema } from './header-map.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';

/** Headers that belong to the connection or that every delivery sets itself. */
const reserved = {
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
  why: 'is set by the delivery itself and cannot be given',
};

/** What keeps a text from being the URL of a callback; `undefined` when nothing does. */
function faultOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must start with http:// or https://';
  // The parser of the URL standard would silently drop these.
  if (/[\s\\]/.test(text)) return 'must not contain spaces, line breaks or backslashes';
  return undefined;
}

/** An HTTP callback as a request gives it. */
export const httpCallbackSchema = z
  .strictObject({
    type: z.literal('http'),
    url: z
      .string()
      .min(1)
      .max(LIMITS.urlLength)
      .superRefine((text, context) => {
        const message = faultOfUrl(text);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
        else if (new URL(text).username !== '' || new URL(text).password !== '')
          context.addIssue({
            code: 'custom',
            message: 'must not hold a user name or password: use an Authorization header',
          });
      })
      .meta({
        description: 'Where to POST: an absolute http or https URL',
        examples: ['https://example.com/hook'],
      }),
    headers: headerMapSchema(reserved).nullish().meta({ description: 'Sent as they are' }),
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

/** An HTTP callback as a stored row holds it, whoever wrote the row; unknown fields and odd headers are passed over. */
export const storedHttpCallbackSchema = z.object({
  type: z.literal('http'),
  url: z.string().superRefine((text, context) => {
    const message = faultOfUrl(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
  headers: storedHeaderMapSchema,
  payload: z.unknown(),
  timeout_ms: z.int().positive().optional().catch(undefined),
});

/** An HTTP callback as read from a stored row. */
export type StoredHttpCallback = z.infer<typeof storedHttpCallbackSchema>;
