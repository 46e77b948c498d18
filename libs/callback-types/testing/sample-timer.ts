/** A timer in responses: its summary, all of its fields, and one attempt. */
export const summary = {
  id: '0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d',
  created_at: '2030-01-31T08:00:00.000Z',
  execute_at: '2030-01-31T09:00:00.000Z',
  callback_type: 'http',
  status: 'pending',
  executed_at: null,
  due_at: '2030-01-31T09:00:00.000Z',
  destination: 'https://example.com',
  attempts: 0,
  last_error: null,
  key: null,
  paused: false,
} as const;

export const timer = {
  ...summary,
  updated_at: '2030-01-31T08:00:00.000Z',
  callback: { type: 'http', url: 'https://example.com/hook' },
  metadata: { order: 42 },
  attempted_at: null,
  lateness_ms: null,
  retry: null,
  expires_at: null,
} as const;

export const attempt = {
  number: 1,
  due_at: '2030-01-31T09:00:00.000Z',
  started_at: '2030-01-31T09:00:00.001Z',
  finished_at: '2030-01-31T09:00:00.042Z',
  duration_ms: 41.5,
  outcome: 'failed',
  status_code: 503,
  error: 'HTTP 503',
} as const;
