import { z } from 'zod';
import { EXAMPLE_ACTION } from './bulk-examples.ts';
import { instant } from './instant.ts';
import { anyJsonSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';
import { queryInteger } from './query-integer.ts';
import { success } from './success-response.ts';

/** An entry of the audit log: what an operator changed. */
export const operatorActionSchema = z
  .object({
    id: z.guid(),
    at: instant,
    client: z.string().meta({ description: 'The name of the API key' }),
    action: z.string().meta({
      description:
        'What was done, such as cancel_timers, undo or pause_destination; later versions may add more',
    }),
    target: z.string().nullable().meta({
      description: 'The timer, schedule or destination; null: the timers that matched the request',
    }),
    request: anyJsonSchema.meta({ description: 'The body of the request; null if it had none' }),
    affected: z.int().meta({ description: 'How many timers or other things were changed' }),
    undo_of: z.guid().nullable().meta({ description: 'The action that this one has undone' }),
    undone_at: instant.nullable().meta({ description: 'When it was undone, as far as it could be' }),
    undoable: z
      .boolean()
      .meta({ description: 'Whether POST /actions/:id/undo can still undo it: for 24 hours' }),
  })
  .meta({ id: 'OperatorAction', examples: [EXAMPLE_ACTION] });
export type OperatorAction = z.infer<typeof operatorActionSchema>;

/** `:id` in the path of an action. */
export const actionParamsSchema = z.strictObject({ id: z.guid({ error: 'must be a UUID' }) });

/** Query of `GET /actions`. */
export const listActionsQuerySchema = z.strictObject({
  limit: queryInteger(1, LIMITS.pageSize, 50),
  cursor: z.string().min(1).max(512).optional().meta({ description: 'next_cursor of the previous page' }),
});
export type ListActionsQuery = z.infer<typeof listActionsQuerySchema>;

/** `GET /actions`: newest first. */
export const actionListResponseSchema = success(
  z.object({
    actions: z.array(operatorActionSchema),
    limit: z.int(),
    next_cursor: z.string().nullable().meta({ description: 'null on the last page' }),
  }),
);
export type ActionListResponse = z.infer<typeof actionListResponseSchema>;

/** `POST /actions/:id/undo`. */
export const undoResponseSchema = success(
  z.object({
    restored: z.int().meta({ description: 'Timers that are as they were before the action' }),
    skipped: z.int().meta({
      description:
        'Timers that were left alone: changed since, deleted, an attempt is about to start, or their key is in use',
    }),
    more: z.boolean().meta({ description: 'Whether timers are left to restore: repeat the request' }),
    action_id: z.guid().meta({ description: 'The undo itself in the audit log' }),
  }),
);
export type UndoResponse = z.infer<typeof undoResponseSchema>;
