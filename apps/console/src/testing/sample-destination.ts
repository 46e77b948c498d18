import type { Destination } from '@timer-platform/callback-types';

/** A destination where all is well, for tests. */
export function sampleDestination(fields: Partial<Destination> = {}): Destination {
  return {
    destination: 'https://example.com',
    paused_at: null,
    pause_note: null,
    rate_per_second: null,
    max_in_flight: null,
    updated_at: null,
    updated_by: null,
    waiting_paused: 0,
    waiting_paused_estimated: false,
    breaker: 'closed',
    breaker_open_until: null,
    in_flight: 0,
    waiting: 0,
    attempts_per_minute: 0,
    failures_per_minute: 0,
    duration_p50_ms: null,
    duration_p99_ms: null,
    last_failure: null,
    dispatchers: 1,
    ...fields,
  };
}
