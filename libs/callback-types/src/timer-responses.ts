import { z } from 'zod';
import { instant } from './instant.ts';
import { success } from './success-response.ts';
import { attemptSchema, timerSchema, timerSummarySchema } from './timer.ts';

/** How far a list was searched whose filter has no index. */
export const listSearchSchema = z
  .object({
    complete: z.boolean().meta({
      description:
        'Whether the page is full or the list ends with it. false: the time for one request was spent; next_cursor continues',
    }),
    searched_to: instant.nullable().meta({
      description: 'The created_at or due_at up to which the list was searched; null: to its end',
    }),
    scanned: z.int().meta({ description: 'Timers that were compared with the filter' }),
  })
  .meta({ id: 'ListSearch' });
export type ListSearch = z.infer<typeof listSearchSchema>;

/** `POST /timers`, `POST /timers/:id/retry` and `/run`. */
export const timerSummaryResponseSchema = success(timerSummarySchema);
/** `POST /timers/batch`: one timer per item, in the order of the request. */
export const timerBatchResponseSchema = success(z.object({ timers: z.array(timerSummarySchema) }));
/** `GET` and `PUT /timers/:id`. */
export const timerResponseSchema = success(timerSchema);
/** `DELETE /timers/:id`. */
export const canceledResponseSchema = success(z.object({ id: z.guid(), status: z.literal('canceled') }));
/** `GET /timers`. */
export const timerListResponseSchema = success(
  z.object({
    timers: z.array(timerSummarySchema),
    total: z.int().nullable().meta({
      description:
        'Number of matching timers: exact up to 10,000, an estimate above; null with a filter that needs a search, unless this page has all of them',
    }),
    total_estimated: z.boolean(),
    limit: z.int(),
    offset: z.int(),
    next_cursor: z.string().nullable().meta({ description: 'null on the last page' }),
    search: listSearchSchema.nullable().meta({ description: 'null if no search was needed' }),
  }),
);
/** `GET /timers/:id/attempts`. */
export const attemptListResponseSchema = success(z.object({ attempts: z.array(attemptSchema) }));
/** `GET /healthz` while the service is healthy. */
export const healthResponseSchema = success(
  z.object({ status: z.literal('up'), database: z.literal('connected'), timestamp: z.iso.datetime() }),
);
/** `GET /healthz` while the service is degraded: status 500, code 1. */
export const degradedResponseSchema = z.object({
  code: z.literal(1),
  message: z.string(),
  data: z.object({
    status: z.literal('degraded'),
    database: z.enum(['connected', 'disconnected']),
    timestamp: z.iso.datetime(),
  }),
});

export type TimerSummaryResponse = z.infer<typeof timerSummaryResponseSchema>;
export type TimerBatchResponse = z.infer<typeof timerBatchResponseSchema>;
export type TimerResponse = z.infer<typeof timerResponseSchema>;
export type CanceledResponse = z.infer<typeof canceledResponseSchema>;
export type TimerListResponse = z.infer<typeof timerListResponseSchema>;
export type AttemptListResponse = z.infer<typeof attemptListResponseSchema>;
export type HealthResponse = z.infer<typeof healthResponseSchema>;
export type DegradedResponse = z.infer<typeof degradedResponseSchema>;
