/** Examples in the published schemas: one schedule in every form in which it is sent and returned. */

const CALLBACK = {
  type: 'http',
  url: 'https://example.com/reports',
  payload: { report: 'daily' },
} as const;

export const EXAMPLE_PUT_SCHEDULE_REQUEST = {
  cron: '0 9 * * MON-FRI',
  time_zone: 'Europe/Berlin',
  exclude: ['2030-12-24/2030-12-26'],
  callback: CALLBACK,
} as const;

export const EXAMPLE_PREVIEW_REQUEST = {
  cron: '30 2 * * *',
  time_zone: 'Europe/Berlin',
  from: '2030-03-30T00:00:00Z',
  count: 3,
} as const;

export const EXAMPLE_PAUSE_REQUEST = { note: 'stocktaking', until: '2030-02-04T00:00:00Z' } as const;

export const EXAMPLE_BACKFILL_REQUEST = {
  from: '2030-01-01T00:00:00Z',
  to: '2030-01-31T00:00:00Z',
  dry_run: true,
} as const;

export const EXAMPLE_SCHEDULE_SUMMARY = {
  key: 'daily-report',
  id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e',
  revision: 1,
  created_at: '2030-01-31T08:00:00.000Z',
  updated_at: '2030-01-31T08:00:00.000Z',
  cron: ['0 9 * * MON-FRI'],
  every: null,
  phase: null,
  time_zone: 'Europe/Berlin',
  exclude: ['2030-12-24/2030-12-26'],
  start_at: null,
  end_at: null,
  max_occurrences: null,
  jitter: '0s',
  overlap: 'allow',
  catch_up: 'latest',
  catch_up_window: '1d',
  catch_up_spacing: '100ms',
  expires_after: null,
  pause_after_failures: null,
  callback_type: 'http',
  description: 'At 09:00, Monday through Friday; except 2030-12-24 to 2030-12-26',
  next_at: '2030-02-01T08:00:00.000Z',
  paused: null,
  occurrences: 0,
  ended: false,
} as const;

export const EXAMPLE_SCHEDULE = {
  ...EXAMPLE_SCHEDULE_SUMMARY,
  exclude: [...EXAMPLE_SCHEDULE_SUMMARY.exclude],
  callback: CALLBACK,
  retry: null,
  metadata: null,
} as const;

export const EXAMPLE_PREVIEW = {
  description: 'At 02:30',
  occurrences: [
    { at: '2030-03-30T01:30:00.000Z', local: '2030-03-30T02:30:00+01:00', shifted: null },
    { at: '2030-03-31T01:00:00.000Z', local: '2030-03-31T03:00:00+02:00', shifted: 'gap' },
    { at: '2030-04-01T00:30:00.000Z', local: '2030-04-01T02:30:00+02:00', shifted: null },
  ],
} as const;

export const EXAMPLE_BACKFILL = {
  dry_run: true,
  occurrences: 23,
  already_exist: 1,
  created: 0,
  first: '2030-01-01T08:00:00.000Z',
  last: '2030-01-30T08:00:00.000Z',
  warning: null,
} as const;
