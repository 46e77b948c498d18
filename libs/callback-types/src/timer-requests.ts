import { z } from 'zod';
import { callbackConfigSchema } from './callback.ts';
import { durationSchema } from './duration.ts';
import { dateTime } from './instant.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';
import { queryInteger } from './query-integer.ts';
import { retryPolicySchema } from './retry-policy.ts';
import { runOnInvalidFields } from './run-on-invalid-fields.ts';
import { EXAMPLE_CREATE_REQUEST, EXAMPLE_PUT_REQUEST, EXAMPLE_UPDATE_REQUEST } from './timer-examples.ts';
import { checkTimerFilter, queryFilterFields } from './timer-filter.ts';
import { timerKeySchema } from './timer-key.ts';
import { timerStateSchema } from './timer-state.ts';

// A coarse bound: the clock of the database decides whether an instant is in the future.
const instant = dateTime.refine((text) => !(Date.parse(text) <= 0), { error: 'must be in the future' });

const metadata = jsonValueSchema(LIMITS.metadataBytes).meta({
  description: 'Stored and returned with the timer; never sent to the receiver',
});

const sharedFields = {
  execute_at: instant
    .optional()
    .meta({ description: 'When to deliver: in the future by the clock of the database' }),
  delay: durationSchema(0)
    .optional()
    .meta({ description: 'Time from now until delivery, instead of execute_at; 0s: now' }),
  expires_at: instant.nullish().meta({
    description: 'No attempt starts after this instant; the timer fails instead. Must be after execute_at',
  }),
  retry: retryPolicySchema.nullish(),
};

/** The fields that {@link checkTiming} compares, which may be invalid. */
interface Timing {
  readonly execute_at?: unknown;
  readonly delay?: unknown;
  readonly expires_at?: unknown;
}

function checkTiming({ execute_at, delay, expires_at }: Timing, context: z.RefinementCtx): void {
  if (execute_at !== undefined && delay !== undefined)
    context.addIssue({
      code: 'custom',
      path: ['delay'],
      message: 'cannot be combined with execute_at',
    });
  if (
    typeof execute_at === 'string' &&
    typeof expires_at === 'string' &&
    Date.parse(expires_at) <= Date.parse(execute_at)
  )
    context.addIssue({ code: 'custom', path: ['expires_at'], message: 'must be after execute_at' });
}

/** The fields of a new timer, without its key. */
const newTimerFields = { ...sharedFields, callback: callbackConfigSchema, metadata: metadata.optional() };

function checkNewTiming(timing: Timing, context: z.RefinementCtx): void {
  checkTiming(timing, context);
  if (timing.execute_at === undefined && timing.delay === undefined)
    context.addIssue({ code: 'custom', path: ['execute_at'], message: 'is required unless delay is set' });
}

/** Body of `POST /timers`, and an item of a batch. */
export const createTimerRequestSchema = z
  .strictObject({
    ...newTimerFields,
    key: timerKeySchema.optional().meta({
      description:
        'Your own key of the timer, unique among the unfinished timers that you have stored with this API key',
      examples: ['order-42'],
    }),
  })
  .superRefine(checkNewTiming, runOnInvalidFields)
  .meta({ id: 'CreateTimerRequest', examples: [EXAMPLE_CREATE_REQUEST] });
export type CreateTimerRequest = z.infer<typeof createTimerRequestSchema>;

/** Body of `POST /timers/batch`. */
export const createTimersRequestSchema = z
  .strictObject({ timers: z.array(createTimerRequestSchema).min(1).max(LIMITS.batchSize) })
  .meta({ id: 'CreateTimersRequest' });
export type CreateTimersRequest = z.infer<typeof createTimersRequestSchema>;

/** Body of `PUT /timers/by-key/:key`: a whole timer. What is absent is not kept from the timer that it replaces. */
export const putTimerRequestSchema = z
  .strictObject(newTimerFields)
  .superRefine(checkNewTiming, runOnInvalidFields)
  .meta({ id: 'PutTimerRequest', examples: [EXAMPLE_PUT_REQUEST] });
export type PutTimerRequest = z.infer<typeof putTimerRequestSchema>;

/** Body of `PUT /timers/:id`. Absent fields keep their value, null clears it. */
export const updateTimerRequestSchema = z
  .strictObject({ ...sharedFields, callback: callbackConfigSchema.optional(), metadata: metadata.optional() })
  .superRefine(checkTiming, runOnInvalidFields)
  .superRefine((request, context) => {
    if (Object.values(request).every((value) => value === undefined))
      context.addIssue({
        code: 'custom',
        message: 'must set at least one of execute_at, delay, callback, metadata, retry and expires_at',
      });
  })
  .meta({ id: 'UpdateTimerRequest', examples: [EXAMPLE_UPDATE_REQUEST] });
export type UpdateTimerRequest = z.infer<typeof updateTimerRequestSchema>;

/** `:id` in the path of a timer: any UUID that the column can hold, not only the versions in RFC 9562. */
export const timerParamsSchema = z.strictObject({ id: z.guid({ error: 'must be a UUID' }) });

/** `:key` in a path. */
export const timerKeyParamsSchema = z.strictObject({ key: timerKeySchema });

/** Query of `GET /timers`. */
export const listTimersQuerySchema = z
  .strictObject({
    status: timerStateSchema.optional(),
    ...queryFilterFields,
    limit: queryInteger(1, LIMITS.pageSize, 50),
    offset: queryInteger(0, 1_000_000, 0).meta({
      description:
        'Rows to skip; slow for large values: prefer cursor. Not with a filter that needs a search',
    }),
    cursor: z.string().min(1).max(512).optional().meta({ description: 'next_cursor of the previous page' }),
    sort: z.enum(['created_at', 'execute_at']).default('created_at').meta({
      description: 'execute_at sorts by due_at, which differs from execute_at after a retry',
    }),
    order: z.enum(['asc', 'desc']).default('desc'),
  })
  .superRefine(checkTimerFilter, runOnInvalidFields);
export type ListTimersQuery = z.infer<typeof listTimersQuerySchema>;

/** Header `Idempotency-Key` of a create request. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]+$/, { error: 'must contain only visible ASCII characters, without spaces' })
  .max(LIMITS.idempotencyKeyLength);
