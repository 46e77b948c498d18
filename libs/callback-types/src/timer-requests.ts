import { z } from 'zod';
import { callbackConfigSchema, callbackTypeSchema } from './callback.ts';
import { durationSchema } from './duration.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';
import { retryPolicySchema } from './retry-policy.ts';
import { timerStateSchema } from './timer-state.ts';

const instant = z.iso
  .datetime({
    offset: true,
    error: 'must be an RFC 3339 date and time with its offset, such as 2030-01-31T09:00:00Z',
  })
  .refine((text) => Date.parse(text) > 0, { error: 'must be in the future' });

const metadata = jsonValueSchema(LIMITS.metadataBytes).meta({
  description: 'Kept with the timer and given back; never sent to the receiver',
});

const twoInstants = () => ({
  code: 'custom' as const,
  path: ['delay'],
  message: 'give either execute_at or delay, not both',
});

const fields = {
  execute_at: instant
    .optional()
    .meta({ description: 'When to deliver: in the future by the clock of the database' }),
  delay: durationSchema().optional().meta({ description: 'Instead of execute_at: how long from now' }),
  expires_at: instant
    .nullish()
    .meta({ description: 'An attempt that could not start by then is not made; the timer fails instead' }),
  retry: retryPolicySchema.nullish(),
};

/** Body of `POST /timers`, and an item of a batch. */
export const createTimerRequestSchema = z
  .strictObject({ ...fields, callback: callbackConfigSchema, metadata: metadata.optional() })
  .superRefine((request, context) => {
    if (request.execute_at !== undefined && request.delay !== undefined) context.addIssue(twoInstants());
    if (request.execute_at === undefined && request.delay === undefined)
      context.addIssue({
        code: 'custom',
        path: ['execute_at'],
        message: 'is required, unless delay is given',
      });
    const { execute_at, expires_at } = request;
    if (
      typeof expires_at === 'string' &&
      execute_at !== undefined &&
      Date.parse(expires_at) < Date.parse(execute_at)
    )
      context.addIssue({ code: 'custom', path: ['expires_at'], message: 'must not be before execute_at' });
  })
  .meta({ id: 'CreateTimerRequest' });
export type CreateTimerRequest = z.infer<typeof createTimerRequestSchema>;

/** Body of `POST /timers/batch`. */
export const createTimersRequestSchema = z
  .strictObject({ timers: z.array(createTimerRequestSchema).min(1).max(LIMITS.batchSize) })
  .meta({ id: 'CreateTimersRequest' });
export type CreateTimersRequest = z.infer<typeof createTimersRequestSchema>;

/** Body of `PUT /timers/:id`: what is absent stays as it is, null clears. */
export const updateTimerRequestSchema = z
  .strictObject({ ...fields, callback: callbackConfigSchema.optional(), metadata: metadata.optional() })
  .superRefine((request, context) => {
    if (request.execute_at !== undefined && request.delay !== undefined) context.addIssue(twoInstants());
    if (Object.values(request).every((value) => value === undefined))
      context.addIssue({
        code: 'custom',
        message: 'must change something: execute_at, delay, callback, metadata, retry or expires_at',
      });
  })
  .meta({ id: 'UpdateTimerRequest' });
export type UpdateTimerRequest = z.infer<typeof updateTimerRequestSchema>;

/** `:id` of a timer's path. */
export const timerParamsSchema = z.strictObject({ id: z.uuid({ error: 'must be a UUID' }) });

const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** Query of `GET /timers`. */
export const listTimersQuerySchema = z.strictObject({
  status: timerStateSchema.optional(),
  callback_type: callbackTypeSchema.optional(),
  limit: wholeNumber(1, LIMITS.pageSize).default(50),
  offset: wholeNumber(0, 1_000_000)
    .default(0)
    .meta({ description: 'Skips rows; slow when large: prefer cursor' }),
  cursor: z.string().min(1).max(512).optional().meta({ description: 'next_cursor of the page before' }),
  sort: z
    .enum(['created_at', 'execute_at'])
    .default('created_at')
    .meta({
      description: 'execute_at sorts by due_at, which is execute_at until an attempt has to be repeated',
    }),
  order: z.enum(['asc', 'desc']).default('desc'),
});
export type ListTimersQuery = z.infer<typeof listTimersQuerySchema>;

/** Header `Idempotency-Key` of a creation. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]+$/, { error: 'must be visible ASCII characters without spaces' })
  .max(LIMITS.idempotencyKeyLength);
