import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTimerService, type TimerServiceProcess } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { type Fault, type FaultyProxy, startFaultyProxy } from '../testing/faulty-proxy.ts';
import { manualRuntime } from '../testing/manual-runtime.ts';
import { scriptedFetch, success } from '../testing/scripted-fetch.ts';
import { createClient, TimerClient } from './timer-client.ts';

let service: TimerServiceProcess;
let proxy: FaultyProxy;
let client: TimerClient;
// Before the database is dropped, which the hooks of withTestDatabase do.
afterAll(async () => {
  await proxy.stop();
  await service.stop();
});
const database = withTestDatabase();
beforeAll(async () => {
  service = await startTimerService({ databaseUrl: database.url });
  proxy = await startFaultyProxy(service.url);
  client = createClient({ url: proxy.url, apiKey: service.apiKey });
});

const START = Date.parse('2099-01-01T00:00:00Z');

/** Stores timers that are due one second after the other, and returns their destination. */
async function storeTimers(team: string, count: number): Promise<string> {
  const timers = Array.from({ length: count }, (_, index) => ({
    execute_at: new Date(START + 1_000 * index),
    callback: { type: 'http', url: `https://${team}.example/hook` } as const,
    metadata: { team, index },
  }));
  await client.createMany(timers);
  return `https://${team}.example`;
}

async function idsOf(query: Parameters<TimerClient['list']>[0]): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of client.list(query)) ids.push(id);
  return ids;
}

test('a list takes the filters, with Dates and an object', async () => {
  const destination = await storeTimers('list', 6);
  expect(await idsOf({ destination, limit: 2 })).toHaveLength(6);
  const range = { due_from: new Date(START + 2_000), due_before: new Date(START + 4_000) };
  expect(await idsOf({ destination, ...range })).toHaveLength(2);
  expect(await idsOf({ metadata: { team: 'list', index: 3 } })).toHaveLength(1);
  expect(await idsOf({ metadata: '{"team":"list"}' })).toHaveLength(6);
  await expect(client.listPage({ due_from: new Date(NaN) })).rejects.toMatchObject({
    issues: [{ path: 'query.due_from', message: 'is an invalid Date' }],
  });
});

test('a change of many is counted, carried out in several requests as one action, and undone', async () => {
  const destination = await storeTimers('cancel', 25);
  const counted = await client.bulk.cancel({ destination, dry_run: true });
  expect(counted).toMatchObject({ matched: 25, changed: 0, action_id: null });

  const seen: number[] = [];
  const onProgress = ({ changed }: { readonly changed: number }) => seen.push(changed);
  const done = await client.bulk.untilDone('cancel', { destination, limit: 10 }, { onProgress });
  const action = expect.any(String);
  expect(done).toEqual({ matched: 25, changed: 25, skipped: 0, more: false, action_id: action });
  expect(seen).toEqual([10, 20, 25]);

  const { actions } = await client.actionsPage({ limit: 1 });
  expect(actions).toMatchObject([{ id: done.action_id, action: 'cancel_timers', affected: 25 }]);
  expect(await client.undo(done.action_id ?? '')).toMatchObject({ restored: 25, skipped: 0, more: false });
  await expect(client.undo(done.action_id ?? '')).rejects.toMatchObject({ reason: 'already_undone' });
  await expect(client.undo(randomUUID())).rejects.toMatchObject({ kind: 'notFound' });
  const log: (string | null)[] = [];
  for await (const { undo_of } of client.actions({ limit: 1 })) log.push(undo_of);
  expect(log).toEqual([done.action_id, null]);
});

test('a request that is sent again after its response was lost moves no timer twice', async () => {
  const destination = await storeTimers('shift', 3);
  const faults: Fault[] = ['cut after'];
  proxy.inject(() => faults.shift() ?? 'pass');
  const moved = await client.bulk.reschedule({ destination, shift: '1h' });
  expect(moved).toMatchObject({ changed: 0, action_id: expect.any(String) });
  const { actions } = await client.actionsPage({ limit: 1 });
  expect(actions).toMatchObject([{ id: moved.action_id, affected: 3 }]);
  const range = { due_from: new Date(START + 3_600_000), due_before: new Date(START + 3_603_000) };
  expect(await idsOf({ destination, ...range })).toHaveLength(3);
});

test('a change that ended with an error goes on when it is repeated with its action_id', async () => {
  const destination = await storeTimers('repeat', 30);
  const request = { destination, shift: '1h', limit: 10, action_id: randomUUID() };
  const faults: Fault[] = ['pass', 'cut after'];
  proxy.inject(() => faults.shift() ?? 'pass');
  await expect(client.bulk.untilDone('reschedule', request, { retries: 0 })).rejects.toMatchObject({
    kind: 'network',
    mayHaveSucceeded: true,
  });
  expect(await client.bulk.untilDone('reschedule', request)).toMatchObject({ changed: 10, more: false });
  const [action] = (await client.actionsPage()).actions;
  expect(action).toMatchObject({ id: request.action_id, affected: 30 });
  const range = { due_from: new Date(START + 3_600_000), due_before: new Date(START + 3_630_000) };
  expect(await idsOf({ destination, ...range })).toHaveLength(30);
});

test('run and retry change those that match', async () => {
  const destination = await storeTimers('run', 2);
  expect(await client.bulk.run({ destination })).toMatchObject({ changed: 2 });
  expect(await client.bulk.retry({ failed_from: new Date(START) })).toMatchObject({
    matched: 0,
    action_id: null,
  });
});

test('nothing is changed without a filter, and an action_id is not reused for another request', async () => {
  await expect(client.bulk.cancel({})).rejects.toMatchObject({ kind: 'validation', httpStatus: 400 });
  await expect(client.bulk.cancel({ due_before: new Date(NaN) })).rejects.toMatchObject({
    kind: 'validation',
    tries: 0,
  });
  const destination = await storeTimers('reuse', 1);
  const request = { destination, action_id: randomUUID() };
  await client.bulk.cancel(request);
  await expect(client.bulk.run(request)).rejects.toMatchObject({
    reason: 'different_request',
  });
});

const PART = { matched: 1, changed: 1, skipped: 0, more: true, cursor: 'c', action_id: randomUUID() };

test('a service that repeats its cursor, or answers with something else, is no endless loop', async () => {
  const scripted = (...parts: object[]) => {
    const { fetch, requests } = scriptedFetch(...parts.map((part) => success(part)));
    return {
      requests,
      client: new TimerClient({ url: 'http://a.example', apiKey: 'k', fetch }, manualRuntime()),
    };
  };
  const looping = scripted(PART, PART);
  await expect(looping.client.bulk.untilDone('cancel', { all: true })).rejects.toMatchObject({
    kind: 'badResponse',
  });
  const bodies = looping.requests.map(({ init }): unknown => JSON.parse(init.body ?? ''));
  expect(bodies).toEqual([
    { all: true, action_id: 'id-1' },
    { all: true, cursor: 'c' },
  ]);
  const foreign = scripted({ ...PART, changed: '1' });
  await expect(foreign.client.bulk.run({ all: true })).rejects.toMatchObject({ kind: 'badResponse' });
});
