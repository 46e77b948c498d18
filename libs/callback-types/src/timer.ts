import { z } from 'zod';
import { callbackTypeSchema } from './callback.ts';
import { instant } from './instant.ts';
import { anyJsonSchema } from './json-value.ts';
import { occurrenceFields } from './occurrence-fields.ts';
import { retryPolicySchema } from './retry-policy.ts';
import { timerCallbackSchema } from './timer-callback.ts';
import { EXAMPLE_ATTEMPT, EXAMPLE_SUMMARY, EXAMPLE_TIMER } from './timer-examples.ts';
import { timerStateSchema } from './timer-state.ts';

/** A timer in the response to a create, update or list request. */
export const timerSummarySchema = z
  .object({
    id: z.guid(),
    created_at: instant,
    execute_at: instant.meta({ description: 'The instant that the client requested' }),
    callback_type: callbackTypeSchema,
    status: timerStateSchema,
    executed_at: instant.nullable().meta({ description: 'When the timer completed or failed' }),
    due_at: instant.meta({
      description:
        'execute_at, or the next due instant after a retry or a request to run now. While a destination is paused: when its timer was due',
    }),
    destination: z.string().nullable().meta({
      description: 'scheme://host:port or nats:topic; null if the URL of an old timer has none',
    }),
    attempts: z.int().meta({ description: 'Number of attempts so far' }),
    last_error: z.string().nullable().meta({ description: 'Error of the last failed attempt' }),
    key: z.string().nullable().meta({ description: "The client's own key of the timer" }),
    paused: z.boolean().meta({ description: 'Whether it waits because its destination is paused' }),
    ...occurrenceFields,
  })
  .meta({ id: 'TimerSummary', examples: [EXAMPLE_SUMMARY] });
export type TimerSummary = z.infer<typeof timerSummarySchema>;

/** A timer with all stored fields. */
export const timerSchema = timerSummarySchema
  .extend({
    updated_at: instant,
    callback: timerCallbackSchema,
    metadata: anyJsonSchema,
    attempted_at: instant.nullable().meta({ description: 'When the last attempt started' }),
    lateness_ms: z.number().nullable().meta({
      description: 'For a completed or failed timer: time from due_at to the start of the last attempt',
    }),
    retry: retryPolicySchema.nullable(),
    expires_at: instant.nullable(),
  })
  .meta({ id: 'Timer', examples: [EXAMPLE_TIMER] });
export type Timer = z.infer<typeof timerSchema>;

/** One attempt of a timer. */
export const attemptSchema = z
  .object({
    number: z.int().positive(),
    due_at: instant,
    started_at: instant,
    finished_at: instant,
    duration_ms: z.number(),
    outcome: z.enum(['delivered', 'failed']),
    status_code: z.int().nullable().meta({ description: 'Status of the HTTP response, if there was one' }),
    error: z.string().nullable(),
  })
  .meta({ id: 'Attempt', examples: [EXAMPLE_ATTEMPT] });
export type Attempt = z.infer<typeof attemptSchema>;
