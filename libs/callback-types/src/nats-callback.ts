import { z } from 'zod';
import { checkedString } from './checked-string.ts';
import { NATS_HEADERS } from './delivery-headers.ts';
import { headerMapSchema, storedHeaderMapSchema } from './header-map.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';

const RESERVED = {
  names: new Set([NATS_HEADERS.attempt.toLowerCase()]),
  prefixes: ['nats-'],
  message:
    'is reserved: the service sets Timer-Attempt, and the NATS server interprets headers that start with Nats-',
};

/** Tokens separated by dots, as a pattern for JSON Schema. */
const SUBJECT_PATTERN = '[^\\s*>.]+(?:\\.[^\\s*>.]+)*';

/**
 * UTF-8 bytes of a subject. nats-server closes the connection, which all deliveries share, if a control line exceeds
 * 4,096 bytes; the line also contains two message lengths.
 */
const MAX_SUBJECT_BYTES = 4_000;

/** Returns why the text cannot be part of a subject to publish to, or `undefined` if it is valid. */
function subjectIssue(text: string): string | undefined {
  if (text === '') return 'must not be empty';
  if (/\s/.test(text)) return 'must not contain spaces or line breaks';
  if (/[*>]/.test(text)) return 'must not contain the wildcards * and >';
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'must not contain control characters';
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  if (text.split('.').includes(''))
    return 'must not have empty tokens: a dot at either end, or two dots in a row';
  return undefined;
}

function requestTopicIssue(text: string): string | undefined {
  return (
    subjectIssue(text) ??
    (text.startsWith('$') ? 'must not start with $: these subjects are reserved for the server' : undefined)
  );
}

/** A NATS callback in a request. */
export const natsCallbackSchema = z
  .strictObject({
    type: z.literal('nats'),
    topic: checkedString(requestTopicIssue)
      .max(LIMITS.subjectLength)
      .meta({
        description: 'The subject, or its first part if key is set',
        pattern: `^(?!\\$)${SUBJECT_PATTERN}$`,
        examples: ['orders.due'],
      }),
    key: checkedString(subjectIssue)
      .max(LIMITS.subjectLength)
      .meta({ pattern: `^${SUBJECT_PATTERN}$` })
      .nullish()
      .meta({ description: 'Second part of the subject: topic.key', examples: ['42'] }),
    headers: headerMapSchema(RESERVED).nullish().meta({ description: 'Headers of the message' }),
    payload: jsonValueSchema(LIMITS.payloadBytes)
      .optional()
      .meta({ description: 'JSON body of the message; empty if null or absent' }),
    jetstream: z
      .boolean()
      .optional()
      .meta({ description: 'If true, delivered only when a stream has acknowledged the message' }),
  })
  .superRefine(({ topic, key }, context) => {
    const length = natsSubject({ topic, key }).length;
    if (typeof key === 'string' && length > LIMITS.subjectLength)
      context.addIssue({
        code: 'custom',
        path: ['key'],
        message: `the subject must have at most ${LIMITS.subjectLength} characters, got ${length}`,
      });
  })
  .meta({ id: 'NatsCallback' });

/** A NATS callback in a request. */
export type NatsCallback = z.infer<typeof natsCallbackSchema>;

/**
 * A NATS callback in a stored row, of any version. Ignores unknown fields and malformed headers. `payload` is absent if
 * the row was read without it.
 */
export const storedNatsCallbackSchema = z
  .object({
    type: z.literal('nats'),
    topic: checkedString(subjectIssue),
    key: checkedString(subjectIssue).nullish(),
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
        message: `the subject must have at most ${MAX_SUBJECT_BYTES} bytes, got ${bytes}`,
      });
  });

/** A NATS callback in a stored row. */
export type StoredNatsCallback = z.infer<typeof storedNatsCallbackSchema>;

/** Returns the subject to publish a NATS callback to: `topic`, or `topic.key`. */
export function natsSubject(callback: {
  readonly topic: string;
  readonly key?: string | null | undefined;
}): string {
  return callback.key === undefined || callback.key === null
    ? callback.topic
    : `${callback.topic}.${callback.key}`;
}
