import { expect, test } from '@jest/globals';
import { consoleAction } from './console-action.ts';

const ID = '0198c0de-0000-7000-8000-000000000001';

test('a new timer is named by the response, and its record has nothing confidential', () => {
  const body = {
    delay: '90s',
    metadata: { customer: 'confidential' },
    callback: {
      type: 'http',
      url: 'https://user:confidential@example.com/hook?token=confidential&order=42#confidential',
      headers: { 'X-Plain': 'confidential' },
      payload: { amount: 'confidential' },
      timeout_ms: 5_000,
    },
  };
  const action = consoleAction({ method: 'POST', route: '/timers', params: {}, body, data: { id: ID } });
  expect(action).toStrictEqual({
    action: 'create_timer',
    target: ID,
    request: {
      delay: '90s',
      callback: {
        type: 'http',
        url: 'https://***@example.com/hook?token=***&order=***#***',
        timeout_ms: 5_000,
      },
    },
    affected: 1,
  });
});

test('a change of a timer and of a schedule is named by the path', () => {
  const run = { method: 'POST', route: '/timers/:id/run', params: { id: ID }, body: undefined, data: null };
  expect(consoleAction(run)).toStrictEqual({ action: 'run_timer', target: ID, request: null, affected: 1 });
  const pause = {
    method: 'POST',
    route: '/schedules/:key/pause',
    params: { key: 'daily' },
    body: { note: 'stocktaking' },
    data: { id: ID },
  };
  expect(consoleAction(pause)).toStrictEqual({
    action: 'pause_schedule',
    target: 'daily',
    request: { note: 'stocktaking' },
    affected: 1,
  });
});

test('a batch is counted, and neither it nor a long field is kept', () => {
  const batch = {
    method: 'POST',
    route: '/timers/batch',
    params: {},
    body: { timers: [{}, {}, {}] },
    data: [],
  };
  expect(consoleAction(batch)).toStrictEqual({
    action: 'create_timers',
    target: null,
    request: {},
    affected: 3,
  });
  const long = { ...batch, route: '/timers', body: { key: 'k'.repeat(2_000), delay: '1s' } };
  expect(consoleAction(long)?.request).toStrictEqual({ delay: '1s' });
});

test.each([
  ['a dry run', 'POST', '/schedules/:key/backfill', { dry_run: true }, {}],
  ['a schedule with the same content', 'PUT', '/schedules/:key', {}, { changed: false }],
  ['a preview', 'POST', '/schedules/preview', {}, {}],
  ['a bulk change, which records itself', 'POST', '/timers/retry', {}, {}],
  ['a read', 'GET', '/timers/:id', undefined, {}],
])('%s is not recorded', (_, method, route, body, data) => {
  expect(consoleAction({ method, route, params: { key: 'daily' }, body, data })).toBeUndefined();
});
