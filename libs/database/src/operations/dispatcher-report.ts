import { z } from 'zod';

const instant = z.iso.datetime({ offset: true });
const count = z.int().nonnegative();

/** What a dispatcher does with one destination. */
const reportedDestinationSchema = z.object({
  destination: z.string(),
  /** The worst of its circuit breakers. */
  breaker: z.enum(['closed', 'open', 'half-open']),
  /** Until when no attempt starts, if the breaker is open. */
  open_until: instant.nullable(),
  in_flight: count,
  /** Due timers that wait in memory. */
  waiting: count,
  /** Attempts that ended, over the last minute. */
  attempts_per_minute: z.number().nonnegative(),
  failures_per_minute: z.number().nonnegative(),
  /** Duration of attempts of the last minute; null: there were none. */
  p50_ms: z.number().nonnegative().nullable(),
  p99_ms: z.number().nonnegative().nullable(),
  last_failure: z.object({ at: instant, error: z.string() }).nullable(),
});

/** A timer whose attempt ended a moment ago. */
const sampledTimerSchema = z.object({
  id: z.string(),
  at: instant,
  status: z.enum(['completed', 'failed', 'retried']),
  /** null: the callback could not be read. */
  callback_type: z.string().nullable(),
  destination: z.string().nullable(),
  /** null: there was no attempt. */
  lateness_ms: z.number().nullable(),
  error: z.string().nullable(),
});

/** What a dispatcher writes about itself once a second, in `dispatcher_reports.report`. */
export const dispatcherReportSchema = z.object({
  version: z.literal(1),
  /** Host and process id. */
  name: z.string(),
  pid: z.int(),
  started_at: instant,
  /** The version of Node.js. */
  node: z.string(),
  /** The version of the timer service. */
  service: z.string(),
  load: z.object({
    in_flight: count,
    /** Claimed timers that are not due yet. */
    held: count,
    /** Due timers that wait for a free slot. */
    waiting: count,
    /** Results that are not written yet. */
    unsettled: count,
    max_in_flight: count,
  }),
  /** Why it delivers nothing now; null: it does. */
  problem: z.string().nullable(),
  /** The most active ones, at most {@link MAX_REPORTED_DESTINATIONS}. */
  destinations: z.array(reportedDestinationSchema),
  /** The newest, at most {@link MAX_SAMPLED_TIMERS}, oldest first. */
  sample: z.array(sampledTimerSchema),
});

export const MAX_REPORTED_DESTINATIONS = 100;
export const MAX_SAMPLED_TIMERS = 50;

export type DispatcherReport = z.infer<typeof dispatcherReportSchema>;
export type ReportedDestination = z.infer<typeof reportedDestinationSchema>;
export type SampledTimer = z.infer<typeof sampledTimerSchema>;
