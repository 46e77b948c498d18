/** Examples in the published schemas of bulk requests and of the audit log. */

export const EXAMPLE_CANCEL_REQUEST = {
  destination: 'https://example.com',
  due_before: '2030-02-01T00:00:00Z',
  dry_run: true,
} as const;

export const EXAMPLE_RUN_REQUEST = { schedule: 'daily-report' } as const;

export const EXAMPLE_RESCHEDULE_REQUEST = {
  metadata: { team: 'billing' },
  shift: '2h',
  spread: '10m',
} as const;

export const EXAMPLE_RETRY_REQUEST = {
  destination: 'https://example.com',
  last_error: 'HTTP 503',
} as const;

export const EXAMPLE_BULK_RESULT = {
  matched: 1_204,
  changed: 1_203,
  skipped: 1,
  more: false,
  cursor: null,
  action_id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c60',
} as const;

export const EXAMPLE_ACTION = {
  id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c60',
  at: '2030-01-31T03:12:00.000Z',
  client: 'operators',
  action: 'cancel_timers',
  target: null,
  request: { destination: 'https://example.com' },
  affected: 1_203,
  undo_of: null,
  undone_at: null,
  undoable: true,
} as const;
