/** Examples in the published schemas: what operators see and change. */

const exact = (count: number) => ({ count, estimated: false }) as const;

export const EXAMPLE_PAUSE_DESTINATION_REQUEST = { note: 'maintenance until 10:00' } as const;
export const EXAMPLE_UPDATE_DESTINATION_REQUEST = { rate_per_second: 50, max_in_flight: null } as const;

export const EXAMPLE_DESTINATION = {
  destination: 'https://example.com',
  paused_at: null,
  pause_note: null,
  rate_per_second: 50,
  max_in_flight: null,
  updated_at: '2030-01-31T08:00:00.000Z',
  updated_by: 'operations',
  waiting_paused: 0,
  waiting_paused_estimated: false,
  breaker: 'closed',
  breaker_open_until: null,
  in_flight: 3,
  waiting: 0,
  attempts_per_minute: 120,
  failures_per_minute: 1,
  duration_p50_ms: 22,
  duration_p99_ms: 180,
  last_failure: { at: '2030-01-31T08:59:30.000Z', error: 'status 503' },
  dispatchers: 2,
} as const;

const EXAMPLE_STATS_MINUTE = {
  minute: '2030-01-31T08:59:00.000Z',
  delivered: 119,
  retried: 1,
  failed: 0,
  lateness_p50_ms: 1.2,
  lateness_p99_ms: 8.5,
  deferred: 0,
} as const;

export const EXAMPLE_STATS = {
  now: '2030-01-31T09:00:00.000Z',
  counts: {
    pending: { count: 9_600_000, estimated: true },
    executing: exact(3),
    completed: { count: 250_000, estimated: true },
    failed: exact(12),
    canceled: exact(340),
    paused: exact(0),
  },
  due: exact(0),
  oldest_due_age_ms: null,
  minutes: [EXAMPLE_STATS_MINUTE],
  last_5_minutes: { delivered: 590, retried: 4, failed: 1, lateness_p50_ms: 1.2, lateness_p99_ms: 9.4 },
  dispatchers: { alive: 2, stalled: 0 },
} as const;

export const EXAMPLE_FORECAST = {
  from: '2030-01-31T09:00:00.000Z',
  until: '2030-01-31T10:00:00.000Z',
  bucket_ms: 1_800_000,
  buckets: [
    { start: '2030-01-31T09:00:00.000Z', pending: 4_200, occurrences: 30, estimated: false },
    { start: '2030-01-31T09:30:00.000Z', pending: 61_000, occurrences: 30, estimated: true },
  ],
  by_destination: [
    { destination: 'https://example.com', total: 64_030, counts: [4_030, 60_000] },
    { destination: null, total: 1_230, counts: [200, 1_030] },
  ],
  overdue: exact(0),
  paused: exact(0),
  exact_until: '2030-01-31T09:51:20.000Z',
} as const;

export const EXAMPLE_DISPATCHER = {
  id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e',
  name: 'timer-service-1',
  started_at: '2030-01-31T08:00:00.000Z',
  heartbeat_at: '2030-01-31T08:59:59.600Z',
  state: 'alive',
  reported_at: '2030-01-31T08:59:59.200Z',
  load: { in_flight: 3, held: 12, waiting: 0, unsettled: 1, max_in_flight: 1_000 },
  problem: null,
  node: 'v22.12.0',
  version: '0.1.0',
} as const;

export const EXAMPLE_LIVE_STATS = {
  now: '2030-01-31T09:00:00.000Z',
  due: exact(0),
  executing: exact(3),
  delivered_per_second: 2,
  retried_per_second: 0,
  failed_per_second: 0,
  lateness_p50_ms: 1.2,
  lateness_p99_ms: 8.5,
} as const;

export const EXAMPLE_LIVE_TIMERS = {
  timers: [
    {
      id: '019ab3c4-7a10-7d22-8b62-1c3e6a6a4d6f',
      at: '2030-01-31T09:00:00.012Z',
      status: 'completed',
      callback_type: 'http',
      destination: 'https://example.com',
      lateness_ms: 1.2,
      error: null,
    },
  ],
} as const;

export const EXAMPLE_LIVE_DESTINATIONS = {
  destinations: [
    {
      destination: 'https://example.com',
      paused_at: '2030-01-31T09:00:00.000Z',
      rate_per_second: 50,
      max_in_flight: null,
      breaker: 'closed',
      breaker_open_until: null,
    },
  ],
  more: false,
} as const;
