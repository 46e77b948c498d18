import { z } from 'zod';
import {
  EXAMPLE_CANCEL_REQUEST,
  EXAMPLE_RESCHEDULE_REQUEST,
  EXAMPLE_RETRY_REQUEST,
  EXAMPLE_RUN_REQUEST,
} from './bulk-examples.ts';
import { durationSchema } from './duration.ts';
import { dateTime } from './instant.ts';
import { LIMITS } from './limits.ts';
import { runOnInvalidFields } from './run-on-invalid-fields.ts';
import { signedDurationSchema } from './signed-duration.ts';
import { bodyFilterFields, checkTimerFilter } from './timer-filter.ts';

const controlFields = {
  limit: z
    .int()
    .min(1)
    .max(LIMITS.bulkSize)
    .default(1_000)
    .meta({ description: 'Maximum number of timers to change' }),
  dry_run: z
    .boolean()
    .default(false)
    .meta({ description: 'If true, only counts the timers: up to 100,000, for about a second' }),
  cursor: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .meta({ description: 'cursor of the previous response to the same request: continues its action' }),
  action_id: z.guid({ error: 'must be a UUID' }).optional().meta({
    description:
      'A new UUID for the action in the audit log. If the request is repeated with it, no timer is changed twice',
  }),
};

const all = z
  .literal(true)
  .optional()
  .meta({ description: 'Required without a filter: change every pending timer' });

/** Without it, an empty body, or one whose filter was forgotten, would change everything. */
function checkNotEverything(request: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const filters = [...Object.keys(bodyFilterFields), 'all'];
  if (filters.every((name) => request[name] === undefined))
    context.addIssue({
      code: 'custom',
      message: 'must have a filter, or "all": true for every pending timer',
    });
}

/** Body of `POST /timers/cancel`: which pending timers to cancel. */
export const cancelTimersRequestSchema = z
  .strictObject({ ...bodyFilterFields, all, ...controlFields })
  .superRefine(checkTimerFilter, runOnInvalidFields)
  .superRefine(checkNotEverything, runOnInvalidFields)
  .meta({ id: 'CancelTimersRequest', examples: [EXAMPLE_CANCEL_REQUEST] });
export type CancelTimersRequest = z.infer<typeof cancelTimersRequestSchema>;

/** Body of `POST /timers/run`: which pending timers to run now. */
export const runTimersRequestSchema = z
  .strictObject({ ...bodyFilterFields, all, ...controlFields })
  .superRefine(checkTimerFilter, runOnInvalidFields)
  .superRefine(checkNotEverything, runOnInvalidFields)
  .meta({ id: 'RunTimersRequest', examples: [EXAMPLE_RUN_REQUEST] });
export type RunTimersRequest = z.infer<typeof runTimersRequestSchema>;

/** The fields of which exactly one says when. */
const TIMES = ['execute_at', 'delay', 'shift'] as const;

function checkOneTime(request: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const given = TIMES.filter((name) => request[name] !== undefined);
  if (given.length === 0)
    context.addIssue({
      code: 'custom',
      path: ['execute_at'],
      message: 'is required unless delay or shift is set',
    });
  for (const name of given.slice(1))
    context.addIssue({ code: 'custom', path: [name], message: `cannot be combined with ${given[0]}` });
}

/** Body of `POST /timers/reschedule`: which pending timers to move, and where. */
export const rescheduleTimersRequestSchema = z
  .strictObject({
    ...bodyFilterFields,
    all,
    execute_at: dateTime
      .optional()
      .meta({ description: 'The new instant: in the future by the clock of the database' }),
    delay: durationSchema(0).optional().meta({ description: 'Time from now, instead of execute_at' }),
    shift: signedDurationSchema.optional().meta({
      description:
        'Later by this duration, or earlier if it starts with -, instead of execute_at; never before now',
      examples: ['2h', '-15m'],
    }),
    spread: durationSchema().optional().meta({
      description: 'Spreads the new instants evenly over this time: later by up to this duration',
    }),
    ...controlFields,
  })
  .superRefine(checkTimerFilter, runOnInvalidFields)
  .superRefine(checkNotEverything, runOnInvalidFields)
  .superRefine(checkOneTime, runOnInvalidFields)
  .meta({ id: 'RescheduleTimersRequest', examples: [EXAMPLE_RESCHEDULE_REQUEST] });
export type RescheduleTimersRequest = z.infer<typeof rescheduleTimersRequestSchema>;

/** Body of `POST /timers/retry`: which failed timers to retry. Without a filter: every failed timer. */
export const retryTimersRequestSchema = z
  .strictObject({
    ...bodyFilterFields,
    failed_from: dateTime
      .optional()
      .meta({ description: 'Only timers that failed at or after this instant' }),
    failed_before: dateTime.optional().meta({ description: 'Only timers that failed before this instant' }),
    ...controlFields,
  })
  .superRefine(checkTimerFilter, runOnInvalidFields)
  .meta({ id: 'RetryTimersRequest', examples: [EXAMPLE_RETRY_REQUEST] });
export type RetryTimersRequest = z.infer<typeof retryTimersRequestSchema>;
