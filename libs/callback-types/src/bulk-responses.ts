import { z } from 'zod';
import { EXAMPLE_BULK_RESULT } from './bulk-examples.ts';
import { success } from './success-response.ts';

const resultFields = {
  matched: z.int().meta({ description: 'Matching timers that were found: changed and skipped' }),
  changed: z.int().meta({ description: 'Timers that were changed; 0 in a dry run' }),
  skipped: z.int().meta({
    description:
      'Matching timers that were left alone: an attempt is about to start, their key is in use, or they would expire before they are due',
  }),
  more: z.boolean().meta({ description: 'Whether more timers may match: repeat the request with cursor' }),
  cursor: z.string().nullable().meta({ description: 'null if no more timers match, and in a dry run' }),
  action_id: z
    .guid()
    .nullable()
    .meta({ description: 'The action in the audit log; null if nothing was changed' }),
};

/** What a bulk request has done. */
export const bulkResultSchema = z
  .object(resultFields)
  .meta({ id: 'BulkResult', examples: [EXAMPLE_BULK_RESULT] });
export type BulkResult = z.infer<typeof bulkResultSchema>;

/** `POST /timers/cancel`, `POST /timers/run` and `POST /timers/reschedule`. */
export const bulkResponseSchema = success(bulkResultSchema);
export type BulkResponse = z.infer<typeof bulkResponseSchema>;

/** `POST /timers/retry`. */
export const retriedResponseSchema = success(
  z.object({
    ...resultFields,
    retried: z.int().meta({ description: 'Timers that are pending again; the same as changed' }),
  }),
);
export type RetriedResponse = z.infer<typeof retriedResponseSchema>;
