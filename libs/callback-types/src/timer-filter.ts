import { z } from 'zod';
import { callbackTypeSchema } from './callback.ts';
import { dateTime } from './instant.ts';
import { findJsonIssue, type JsonValue, jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';
import { timerKeySchema } from './timer-key.ts';

/** Text that PostgreSQL can store, and so compare. */
function storableText(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .superRefine((text, context) => {
      const issue = findJsonIssue(text);
      if (issue !== undefined) context.addIssue({ code: 'custom', message: issue.message });
    });
}

const plainFields = {
  callback_type: callbackTypeSchema.optional(),
  destination: storableText(LIMITS.destinationLength)
    .optional()
    .meta({
      description:
        'Only timers with this destination: scheme://host, with a port if it is not the default, or nats:topic',
      examples: ['https://example.com', 'nats:orders.due'],
    }),
  due_from: dateTime.optional().meta({ description: 'Only timers whose due_at is this instant or later' }),
  due_before: dateTime.optional().meta({ description: 'Only timers whose due_at is before this instant' }),
  created_from: dateTime.optional().meta({ description: 'Only timers created at or after this instant' }),
  created_before: dateTime.optional().meta({ description: 'Only timers created before this instant' }),
  last_error: storableText(LIMITS.errorTextLength)
    .optional()
    .meta({ description: 'Only timers whose last_error contains this text; case-sensitive' }),
  schedule: timerKeySchema
    .optional()
    .meta({ description: 'Only occurrences of the schedules with this key, of any client' }),
  key: timerKeySchema.optional().meta({ description: 'Only timers with this key, of any client' }),
};

type JsonObject = Readonly<Record<string, JsonValue>>;

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const OBJECT = { error: 'must be a JSON object, such as {"team":"billing"}' };

/** What the metadata of a timer must contain, as JSONB's `@>` does. */
const metadata = jsonValueSchema(LIMITS.metadataBytes)
  .pipe(z.custom<JsonObject>((value) => isObject(value as JsonValue), OBJECT))
  .meta({
    description:
      'Only timers whose metadata contains this object: its fields with the same values, and arrays with at least its items',
    examples: [{ team: 'billing' }],
  });

/** The keys that a parser must not turn into a prototype; the same as in bodies. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor']);

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (PROTOTYPE_KEYS.has(key)) throw new SyntaxError(key);
      return value;
    });
  } catch {
    return undefined;
  }
}

/** The same as JSON text, in a query string. */
const metadataText = z
  .string()
  .max(LIMITS.metadataBytes)
  .superRefine((text, context) => {
    const result = metadata.safeParse(parseObject(text));
    for (const { path, message } of result.error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [...path], message });
  })
  .meta({
    description:
      'Only timers whose metadata contains this JSON object: its fields with the same values, and arrays with at least its items',
    examples: ['{"team":"billing"}'],
  });

/** The filters of `GET /timers`, as query parameters. */
export const queryFilterFields = { ...plainFields, metadata: metadataText.optional() };

/** The filters of bulk requests. Their values are joined by "and". */
export const bodyFilterFields = {
  ...plainFields,
  metadata: metadata.optional(),
  ids: z
    .array(z.guid({ error: 'must be a UUID' }))
    .min(1)
    .max(LIMITS.bulkIds)
    .optional()
    .meta({ description: 'Only these timers' }),
};

/** Which timers a bulk request changes. A timer must match all fields. */
export const timerFilterSchema = z.strictObject(bodyFilterFields);
export type TimerFilter = z.infer<typeof timerFilterSchema>;

/** The fields that {@link checkTimerFilter} compares, which may be invalid. */
type Ranges = Readonly<
  Partial<Record<'due_from' | 'due_before' | 'created_from' | 'created_before', unknown>>
>;

/** An empty range matches nothing: that is never what was meant. */
export function checkTimerFilter(filter: Ranges, context: z.RefinementCtx): void {
  for (const name of ['due', 'created'] as const) {
    const { [`${name}_from` as const]: from, [`${name}_before` as const]: before } = filter;
    if (typeof from === 'string' && typeof before === 'string' && Date.parse(before) <= Date.parse(from))
      context.addIssue({ code: 'custom', path: [`${name}_before`], message: `must be after ${name}_from` });
  }
}
