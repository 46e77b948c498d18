import { z } from 'zod';
import { headerMapSchema, storedHeaderMapSchema } from './header-map.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';

const RESERVED = {
  names: new Set<string>(),
  prefixes: ['nats-'],
  message: 'starts with Nats-, which the server gives a meaning: it cannot be given',
};

/** Tokens with dots between them, as JSON Schema can say it. */
const SUBJECT_PATTERN = '[^\\s*>.]+(?:\\.[^\\s*>.]+)*';

/**
 * UTF-8 bytes of a subject: nats-server ends the connection, of everyone who uses it, when a control line is longer than
 * 4,096 bytes, which hold the two lengths of the message as well.
 */
const MAX_SUBJECT_BYTES = 4_000;

/** What keeps a text from being part of a subject to publish to; `undefined` when nothing does. */
function subjectIssue(text: string): string | undefined {
  if (text === '') return 'must not be empty';
  if (/\s/.test(text)) return 'must not contain spaces or line breaks';
  if (/[*>]/.test(text)) return 'must not contain the wildcards * and >';
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'must not contain control characters';
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  if (text.split('.').includes(''))
    return 'must not have empty tokens: no dot at either end, no two dots in a row';
  return undefined;
}

function requestTopicIssue(text: string): string | undefined {
  return (
    subjectIssue(text) ??
    (text.startsWith('$') ? 'must not start with $: such subjects belong to the server' : undefined)
  );
}

function subjectSchema(issue: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = issue(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** A NATS callback as a request gives it. */
export const natsCallbackSchema = z
  .strictObject({
    type: z.literal('nats'),
    topic: subjectSchema(requestTopicIssue)
      .max(LIMITS.subjectLength)
      .meta({
        description: 'The subject, or its beginning when key is given',
        pattern: `^(?!\\$)${SUBJECT_PATTERN}$`,
        examples: ['orders.due'],
      }),
    key: subjectSchema(subjectIssue)
      .max(LIMITS.subjectLength)
      .meta({ pattern: `^${SUBJECT_PATTERN}$` })
      .nullish()
      .meta({ description: 'Makes the subject topic.key', examples: ['42'] }),
    headers: headerMapSchema(RESERVED).nullish().meta({ description: 'Headers of the message' }),
    payload: jsonValueSchema(LIMITS.payloadBytes)
      .optional()
      .meta({ description: 'The JSON of the message; null or absent: an empty message' }),
    jetstream: z
      .boolean()
      .optional()
      .meta({ description: 'true: delivered only when a stream has acknowledged the message' }),
  })
  .superRefine(({ topic, key }, context) => {
    const length = natsSubject({ topic, key }).length;
    if (typeof key === 'string' && length > LIMITS.subjectLength)
      context.addIssue({
        code: 'custom',
        path: ['key'],
        message: `makes a subject of ${length} characters, at most ${LIMITS.subjectLength} are allowed`,
      });
  })
  .meta({ id: 'NatsCallback' });

/** A NATS callback as a request gives it. */
export type NatsCallback = z.infer<typeof natsCallbackSchema>;

/**
 * A NATS callback as a stored row holds it, whoever wrote the row: unknown fields and odd headers are passed over.
 * `payload` is absent where the reader of the row left it out.
 */
export const storedNatsCallbackSchema = z
  .object({
    type: z.literal('nats'),
    topic: subjectSchema(subjectIssue),
    key: subjectSchema(subjectIssue).nullish(),
    headers: storedHeaderMapSchema,
    payload: z.unknown().optional(),
    jetstream: z.boolean().optional().catch(undefined),
  })
  .superRefine((callback, context) => {
    const bytes = new TextEncoder().encode(natsSubject(callback)).length;
    if (bytes > MAX_SUBJECT_BYTES)
      context.addIssue({
        code: 'custom',
        path: ['topic'],
        message: `makes a subject of ${bytes} bytes, a server takes at most ${MAX_SUBJECT_BYTES}`,
      });
  });

/** A NATS callback as read from a stored row. */
export type StoredNatsCallback = z.infer<typeof storedNatsCallbackSchema>;

/** The subject that a NATS callback is published to: `topic`, or `topic.key`. */
export function natsSubject(callback: {
  readonly topic: string;
  readonly key?: string | null | undefined;
}): string {
  return callback.key === undefined || callback.key === null
    ? callback.topic
    : `${callback.topic}.${callback.key}`;
}
