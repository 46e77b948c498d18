import { type Origin, SCHEDULE_HEADERS } from '@timer-platform/callback-types';

export interface OccurrenceHeaderValues {
  /** The key of the schedule. */
  readonly key: string;
  /** Nominal instant, in milliseconds since 1970. */
  readonly scheduledForMs: number;
  readonly origin: Origin;
  /** How many occurrences were missed before this one, which stands for them. */
  readonly missed?: number;
}

/** The headers that tell a receiver which occurrence it got, for HTTP and NATS alike. */
export function occurrenceHeaders(values: OccurrenceHeaderValues): Readonly<Record<string, string>> {
  const { key, scheduledForMs, origin, missed = 0 } = values;
  return {
    [SCHEDULE_HEADERS.schedule]: key,
    [SCHEDULE_HEADERS.scheduledFor]: new Date(scheduledForMs).toISOString(),
    [SCHEDULE_HEADERS.origin]: origin,
    ...(missed > 0 ? { [SCHEDULE_HEADERS.missed]: String(missed) } : {}),
  };
}
