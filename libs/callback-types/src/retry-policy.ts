import { z } from 'zod';
import { durationSchema, parseDuration } from './duration.ts';
import { LIMITS } from './limits.ts';

/**
 * How often and when failed attempts are retried. Absent fields come from the default policy. `delays` and `exponential`
 * are mutually exclusive. The last entry of `delays` applies to all later retries.
 */
export const retryPolicySchema = z
  .strictObject({
    max_attempts: z
      .int()
      .min(1)
      .max(LIMITS.maxAttempts)
      .optional()
      .meta({ description: 'Maximum number of attempts, including the first; 1 disables retries' }),
    delays: z
      .preprocess(
        // One more than allowed is enough to reject a list: to check each of a million items would take seconds.
        (value: unknown) => (Array.isArray(value) ? value.slice(0, LIMITS.maxAttempts + 1) : value),
        z.array(durationSchema()).min(1).max(LIMITS.maxAttempts),
      )
      .optional()
      .meta({
        description: 'Delay after the first failed attempt, the second, and so on; the last one repeats',
      }),
    exponential: z
      .strictObject({
        initial: durationSchema(),
        factor: z.number().min(1).max(100).default(2),
        max: durationSchema(),
      })
      .optional()
      .meta({ description: 'Delays that grow by a factor from initial to max' }),
    give_up_after: durationSchema().optional().meta({
      description: 'No attempt starts later than this after execute_at, or after the last retry by a client',
    }),
  })
  .superRefine((policy, context) => {
    if (policy.delays !== undefined && policy.exponential !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['exponential'],
        message: 'cannot be combined with delays',
      });
    const initial = parseDuration(policy.exponential?.initial ?? '');
    const max = parseDuration(policy.exponential?.max ?? '');
    if (initial !== undefined && max !== undefined && max < initial)
      context.addIssue({
        code: 'custom',
        path: ['exponential', 'max'],
        message: 'must not be shorter than initial',
      });
  })
  .meta({ id: 'RetryPolicy' });

export type RetryPolicy = z.infer<typeof retryPolicySchema>;
