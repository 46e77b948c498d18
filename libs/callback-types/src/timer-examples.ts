/** Examples in the published schemas: one timer in every form in which it is sent and returned. */

export const EXAMPLE_SUMMARY = {
  id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e',
  created_at: '2030-01-31T08:00:00.000Z',
  execute_at: '2030-01-31T09:00:00.000Z',
  callback_type: 'http',
  status: 'pending',
  executed_at: null,
  due_at: '2030-01-31T09:00:00.000Z',
  destination: 'https://example.com',
  attempts: 0,
  last_error: null,
  key: 'order-42',
  paused: false,
} as const;

const CALLBACK = {
  type: 'http',
  url: 'https://example.com/hook',
  headers: { 'X-Order': '42' },
  payload: { order: 42 },
} as const;

export const EXAMPLE_TIMER = {
  ...EXAMPLE_SUMMARY,
  updated_at: '2030-01-31T08:00:00.000Z',
  callback: CALLBACK,
  metadata: { team: 'billing' },
  attempted_at: null,
  lateness_ms: null,
  retry: null,
  expires_at: null,
} as const;

export const EXAMPLE_ATTEMPT = {
  number: 1,
  due_at: '2030-01-31T09:00:00.000Z',
  started_at: '2030-01-31T09:00:00.001Z',
  finished_at: '2030-01-31T09:00:00.042Z',
  duration_ms: 41,
  outcome: 'failed',
  status_code: 503,
  error: 'HTTP 503 Service Unavailable',
} as const;

export const EXAMPLE_CREATE_REQUEST = {
  execute_at: '2030-01-31T09:00:00Z',
  callback: CALLBACK,
  key: 'order-42',
  metadata: { team: 'billing' },
} as const;

export const EXAMPLE_PUT_REQUEST = { delay: '3d', callback: CALLBACK } as const;

export const EXAMPLE_UPDATE_REQUEST = { execute_at: '2030-01-31T12:00:00Z' } as const;

export const EXAMPLE_ERROR = {
  code: 2,
  message: "cannot update timer with status 'completed'",
  data: null,
  reason: 'not_pending',
  status: 'completed',
} as const;
