/** A schedule in responses: its summary and all of its fields. */
export const scheduleSummary = {
  key: 'daily-report',
  id: '0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d',
  revision: 3,
  created_at: '2030-01-31T08:00:00.000Z',
  updated_at: '2030-01-31T08:00:00.000Z',
  cron: null,
  every: '15m',
  phase: '0s',
  time_zone: 'UTC',
  exclude: [],
  start_at: null,
  end_at: '2031-01-01T00:00:00.000Z',
  max_occurrences: 5,
  jitter: '0s',
  overlap: 'skip',
  catch_up: 'all',
  catch_up_window: '1d',
  catch_up_spacing: '100ms',
  expires_after: null,
  pause_after_failures: 3,
  callback_type: 'http',
  description: 'Every 15 minutes',
  next_at: null,
  paused: { since: '2030-01-31T08:00:00.000Z', reason: 'failures', note: null, until: null },
  occurrences: 3,
  ended: false,
} as const;

export const schedule = {
  ...scheduleSummary,
  callback: { type: 'http', url: 'https://example.com/hook' },
  retry: null,
  metadata: { team: 'billing' },
} as const;

/** What an edit did to the occurrences that existed. */
export const withdrawal = {
  withdrawn: ['0198f5a0-7f6e-8c3a-9d2b-3f1f8a2b4c5d'],
  withdrawn_count: 1,
  running: [
    {
      id: '0198f5a0-7f6e-8c3a-9d2b-3f1f8a2b4c5e',
      status: 'executing',
      scheduled_for: '2030-01-31T08:00:00.000Z',
    },
  ],
} as const;

export const timerOccurrence = {
  type: 'timer',
  scheduled_for: '2030-01-31T08:00:00.000Z',
  id: '0198f5a0-7f6e-8c3a-9d2b-3f1f8a2b4c5d',
  origin: 'schedule',
  status: 'completed',
  execute_at: '2030-01-31T08:00:00.000Z',
  executed_at: '2030-01-31T08:00:00.042Z',
  attempts: 1,
  last_error: null,
} as const;

export const skippedOccurrences = {
  type: 'skip',
  scheduled_for: '2030-01-31T07:00:00.000Z',
  until: '2030-01-31T07:45:00.000Z',
  count: 4,
  reason: 'missed',
  skipped_at: '2030-01-31T08:00:00.000Z',
} as const;
