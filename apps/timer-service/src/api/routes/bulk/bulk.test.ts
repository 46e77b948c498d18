import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  actionListResponseSchema,
  bulkResponseSchema,
  timerListResponseSchema,
  undoResponseSchema,
} from '@timer-platform/callback-types';
import { startTestApi } from '../../testing/test-api.ts';

const READ_KEY = 'key-of-the-role-read-with-40-characters!';
const WRITE_KEY = 'key-of-the-role-write-with-40-characters';
const api = await startTestApi({
  env: {
    API_KEYS: JSON.stringify([
      { name: 'reader', role: 'read', key: READ_KEY },
      { name: 'writer', role: 'write', key: WRITE_KEY },
    ]),
  },
});
const HOSTS = ['a', 'b'] as const;

beforeAll(async () => {
  const timers = Array.from({ length: 30 }, (_, index) => ({
    execute_at: `2099-01-01T00:00:${String(index).padStart(2, '0')}Z`,
    callback: { type: 'http', url: `https://${HOSTS[index % 2] ?? ''}.example/hook` },
    metadata: { order: index, team: index < 10 ? 'shop' : 'crm' },
  }));
  await api.request('POST', '/timers/batch', { timers });
});
afterAll(() => api.close());

async function post(path: string, body: object, status = 200): Promise<unknown> {
  const response = await api.request('POST', path, body);
  expect({ status: response.status, body: response.body }).toMatchObject({ status });
  return response.body;
}

const change = async (path: string, body: object) => bulkResponseSchema.parse(await post(path, body)).data;

async function list(query: string) {
  const { status, body } = await api.request('GET', `/timers?${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return timerListResponseSchema.parse(body).data;
}

test('lists what matches the filters of the query', async () => {
  const destination = encodeURIComponent('https://a.example');
  expect(await list(`destination=${destination}`)).toMatchObject({
    total: 15,
    search: { complete: true, searched_to: null, scanned: 30 },
  });
  expect(await list('due_from=2099-01-01T00:00:20Z&status=pending&sort=execute_at')).toMatchObject({
    total: 10,
    search: null,
  });
  const metadata = encodeURIComponent('{"team":"shop","order":3}');
  expect((await list(`metadata=${metadata}`)).timers).toMatchObject([
    { destination: 'https://b.example', due_at: '2099-01-01T00:00:03.000Z', attempts: 0, paused: false },
  ]);
});

test('a number that JSON.parse would change, and the cursor of another filter are refused', async () => {
  const metadata = encodeURIComponent('{"a":0.12345678901234567890123}');
  expect(await api.request('GET', `/timers?metadata=${metadata}`)).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'query.metadata.a' }] },
  });
  const { next_cursor: cursor } = await list('key=k&limit=1').then(() => list('limit=1'));
  expect(await api.request('GET', `/timers?key=k&cursor=${cursor ?? ''}`)).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'query.cursor' }] },
  });
});

test('counts, changes in parts of one action, and undoes all of them', async () => {
  const filter = { destination: 'https://a.example' };
  expect(await change('/timers/cancel', { ...filter, dry_run: true })).toEqual({
    ...{ matched: 15, changed: 0, skipped: 0, more: false, cursor: null, action_id: null },
  });
  const first = await change('/timers/cancel', { ...filter, limit: 10 });
  expect(first).toMatchObject({ matched: 10, changed: 10, more: true });
  const rest = await change('/timers/cancel', { ...filter, cursor: first.cursor });
  expect(rest).toMatchObject({ changed: 5, more: false, cursor: null, action_id: first.action_id });
  expect(await list('status=canceled')).toMatchObject({ total: 15 });
  await post('/timers/cancel', { destination: 'https://b.example', cursor: first.cursor }, 400);
  await post('/timers/run', { ...filter, cursor: first.cursor }, 400);

  const undone = await post(`/actions/${first.action_id ?? ''}/undo`, {});
  expect(undoResponseSchema.parse(undone).data).toMatchObject({ restored: 15, skipped: 0, more: false });
  expect(await post(`/actions/${first.action_id ?? ''}/undo`, {}, 400)).toMatchObject({
    reason: 'already_undone',
  });
  expect(await post(`/actions/${randomUUID()}/undo`, {}, 404)).toMatchObject({ reason: 'action_not_found' });
  expect(await post('/timers/cancel', { ...filter, cursor: first.cursor }, 400)).toMatchObject({
    reason: 'already_undone',
  });
  const { body } = await api.request('GET', '/actions?limit=1');
  const page = actionListResponseSchema.parse(body).data;
  expect(page).toMatchObject({ actions: [{ action: 'undo', undo_of: first.action_id, affected: 15 }] });
  const next = await api.request('GET', `/actions?limit=1&cursor=${page.next_cursor ?? ''}`);
  expect(actionListResponseSchema.parse(next.body).data.actions).toMatchObject([
    { id: first.action_id, action: 'cancel_timers', request: filter, affected: 15, undoable: false },
  ]);
});

test('a repeated request with its action_id moves no timer twice, and another one with it is refused', async () => {
  const actionId = randomUUID();
  const request = { metadata: { team: 'shop' }, shift: '1h', action_id: actionId };
  expect(await change('/timers/reschedule', request)).toMatchObject({ changed: 10, action_id: actionId });
  expect(await change('/timers/reschedule', request)).toMatchObject({
    matched: 0,
    changed: 0,
    action_id: actionId,
  });
  expect(await post('/timers/reschedule', { ...request, shift: '2h' }, 409)).toMatchObject({
    reason: 'different_request',
  });
  const { timers } = await list(`metadata=${encodeURIComponent('{"order":3}')}`);
  expect(timers).toMatchObject([{ execute_at: '2099-01-01T01:00:03.000Z' }]);
});

test.each([
  ['/timers/cancel', {}],
  ['/timers/cancel', { all: true, cursor: 'x' }],
  ['/timers/reschedule', { all: true, execute_at: '2020-01-01T00:00:00Z' }],
  ['/timers/reschedule', { all: true }],
  ['/timers/run', { due_from: '0000-01-01T00:00:00Z' }],
])('refuses %s with %j', async (path, body) => {
  expect(await post(path, body, 400)).toMatchObject({ code: 2 });
});

test.each([
  '/timers/cancel',
  '/timers/run',
  '/timers/reschedule',
  '/timers/retry',
  `/actions/${randomUUID()}/undo`,
])('%s needs the role admin', async (path) => {
  for (const key of [READ_KEY, WRITE_KEY])
    expect(await api.request('POST', path, { all: true, delay: '1h' }, { 'x-api-key': key })).toMatchObject({
      status: 403,
    });
  expect((await api.request('GET', '/actions', undefined, { 'x-api-key': READ_KEY })).status).toBe(200);
});
