import { z } from 'zod';
import { callbackTypeSchema } from './callback.ts';
import { countSchema } from './count.ts';
import { BREAKER_STATES } from './destination.ts';
import { instant } from './instant.ts';
import { EXAMPLE_LIVE_DESTINATIONS, EXAMPLE_LIVE_STATS, EXAMPLE_LIVE_TIMERS } from './operation-examples.ts';

/** Data of `event: stats`, every 2 s. */
export const liveStatsSchema = z
  .object({
    now: instant,
    due: countSchema,
    executing: countSchema,
    delivered_per_second: z.number().meta({ description: 'Over the last seconds' }),
    retried_per_second: z.number(),
    failed_per_second: z.number(),
    lateness_p50_ms: z
      .number()
      .nullable()
      .meta({ description: 'In the current minute; null without attempts' }),
    lateness_p99_ms: z.number().nullable(),
  })
  .meta({ id: 'LiveStats', examples: [EXAMPLE_LIVE_STATS] });
export type LiveStats = z.infer<typeof liveStatsSchema>;

/** How the attempt of a timer ended: completed, failed for good, or to be retried. */
export const liveTimerSchema = z
  .object({
    id: z.guid(),
    at: instant,
    status: z.enum(['completed', 'failed', 'retried']),
    callback_type: callbackTypeSchema
      .nullable()
      .meta({ description: 'null: the callback could not be read' }),
    destination: z.string().nullable(),
    lateness_ms: z.number().nullable().meta({ description: 'null: there was no attempt' }),
    error: z.string().nullable(),
  })
  .meta({ id: 'LiveTimer' });
export type LiveTimer = z.infer<typeof liveTimerSchema>;

/** Data of `event: timers`: a sample of the attempts that have just ended, at most 50 a second. */
export const liveTimersSchema = z
  .object({ timers: z.array(liveTimerSchema).meta({ description: 'Oldest first' }) })
  .meta({ id: 'LiveTimers', examples: [EXAMPLE_LIVE_TIMERS] });
export type LiveTimers = z.infer<typeof liveTimersSchema>;

/** A destination whose settings or circuit breaker have changed. */
export const liveDestinationSchema = z
  .object({
    destination: z.string(),
    paused_at: instant.nullable(),
    rate_per_second: z.number().nullable(),
    max_in_flight: z.int().nullable(),
    breaker: z.enum(BREAKER_STATES),
    breaker_open_until: instant.nullable(),
  })
  .meta({ id: 'LiveDestination' });
export type LiveDestination = z.infer<typeof liveDestinationSchema>;

/** Data of `event: destinations`: those that have changed, at most 100 of them. */
export const liveDestinationsSchema = z
  .object({
    destinations: z.array(liveDestinationSchema),
    more: z.boolean().meta({ description: 'Whether others have changed too: read GET /destinations' }),
  })
  .meta({ id: 'LiveDestinations', examples: [EXAMPLE_LIVE_DESTINATIONS] });
export type LiveDestinations = z.infer<typeof liveDestinationsSchema>;

/** The events of `GET /events` by name, each with the schema of its data. */
export const LIVE_EVENTS = {
  stats: liveStatsSchema,
  timers: liveTimersSchema,
  destinations: liveDestinationsSchema,
} as const;
/** The name of an event of `GET /events`. */
export type LiveEventName = keyof typeof LIVE_EVENTS;
