import { afterAll, describe, expect, test } from '@jest/globals';
import { timerBatchResponseSchema, timerSummaryResponseSchema } from '@timer-platform/callback-types';
import { pruneIdempotencyKeys } from '@timer-platform/database';
import { startTestApi } from '../testing/test-api.ts';

const api = await startTestApi();
afterAll(() => api.close());

const timer = {
  execute_at: '2099-01-31T09:00:00Z',
  callback: { type: 'http', url: 'https://example.com/', payload: { a: 1, b: [1, 2] } },
};
const sameTimer = {
  callback: { payload: { b: [1, 2], a: 1 }, url: 'https://example.com/', type: 'http' },
  execute_at: '2099-01-31T09:00:00Z',
};

function post(key: string, body: unknown = timer, path = '/timers') {
  return api.request('POST', path, body, { 'idempotency-key': key });
}

describe('Idempotency-Key', () => {
  test('a repeated request returns the same timer, regardless of the order of fields', async () => {
    const first = await post('a');
    const before = await api.countTimers();
    const again = await post('a', sameTimer);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(await api.countTimers()).toBe(before);
  });

  test('a repeated request returns the current state of the timer', async () => {
    const { body } = await post('now');
    const { id } = timerSummaryResponseSchema.parse(body).data;
    await api.request('DELETE', `/timers/${id}`);
    expect(await post('now')).toMatchObject({ status: 201, body: { data: { id, status: 'canceled' } } });
  });

  test.each([
    ['another body', { ...timer, metadata: 1 }, '/timers'],
    [
      'items in another order',
      { ...timer, callback: { ...timer.callback, payload: { a: 1, b: [2, 1] } } },
      '/timers',
    ],
    ['another call', { timers: [timer] }, '/timers/batch'],
  ])('%s returns 409 with code 7', async (_, body, path) => {
    await post('conflict');
    const before = await api.countTimers();
    expect(await post('conflict', body, path)).toMatchObject({ status: 409, body: { code: 7, data: null } });
    expect(await api.countTimers()).toBe(before);
  });

  test('a rejected request leaves its key unused', async () => {
    expect(await post('rejected', { ...timer, execute_at: '2020-01-01T00:00:00Z' })).toMatchObject({
      status: 400,
    });
    const response = await post('rejected');
    expect(response.status).toBe(201);
    expect(response.headers['idempotent-replayed']).toBeUndefined();
  });

  test('a repeated batch returns all timers of the first one', async () => {
    const body = { timers: [timer, { ...timer, metadata: 1 }, timer] };
    const first = await post('batch', body, '/timers/batch');
    const before = await api.countTimers();
    const again = await post('batch', body, '/timers/batch');
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(timerBatchResponseSchema.parse(again.body).data.timers).toHaveLength(3);
    expect(await api.countTimers()).toBe(before);
  });

  test('twenty concurrent requests create one timer', async () => {
    const before = await api.countTimers();
    const responses = await Promise.all(Array.from({ length: 20 }, () => post('race')));
    expect(responses.map(({ status }) => status)).toStrictEqual(responses.map(() => 201));
    const ids = responses.map(({ body }) => timerSummaryResponseSchema.parse(body).data.id);
    expect(new Set(ids).size).toBe(1);
    expect(responses.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await api.countTimers()).toBe(before + 1);
  });

  test('every request without the header creates a timer', async () => {
    const before = await api.countTimers();
    await Promise.all([1, 2].map(() => api.request('POST', '/timers', timer)));
    expect(await api.countTimers()).toBe(before + 2);
  });

  test('a deleted timer returns 409 with code 7', async () => {
    const { body } = await post('deleted');
    const { id } = timerSummaryResponseSchema.parse(body).data;
    await api.db.rows({ name: 'delete', text: 'DELETE FROM timers WHERE id = $1' }, [id]);
    expect(await post('deleted')).toMatchObject({ status: 409, body: { code: 7 } });
  });

  test('a pruned key can be used again', async () => {
    const first = await post('old');
    await api.db.rows({
      name: 'age',
      text: "UPDATE idempotency_keys SET created_at = now() - interval '8 days' WHERE key = 'old'",
    });
    expect((await post('old')).headers['idempotent-replayed']).toBe('true');
    await pruneIdempotencyKeys(api.db, { olderThanMs: 7 * 86_400_000, limit: 10 });
    const again = await post('old');
    expect(again.headers['idempotent-replayed']).toBeUndefined();
    expect(again.body).not.toStrictEqual(first.body);
    expect((await post('a')).headers['idempotent-replayed']).toBe('true');
  });
});
