import { createHash } from 'node:crypto';
import { afterAll, describe, expect, test } from '@jest/globals';
import { timerResponseSchema } from '@timer-platform/callback-types';
import { startTestApi } from '../testing/test-api.ts';

const OTHER = 'another-key-of-more-than-32-characters';
const api = await startTestApi({
  env: {
    API_KEYS: JSON.stringify([
      { name: 'other', role: 'write', sha256: createHash('sha256').update(OTHER).digest('hex') },
    ]),
  },
});
afterAll(() => api.close());

const callback = { type: 'http', url: 'https://example.com/hook' };
const body = { delay: '1h', callback };
const path = (key: string) => `/timers/by-key/${encodeURIComponent(key)}`;
const asOther = { 'x-api-key': OTHER };

async function put(key: string, more: object = {}): Promise<{ status: number; id: string }> {
  const response = await api.request('PUT', path(key), { ...body, ...more });
  return { status: response.status, id: timerResponseSchema.parse(response.body).data.id };
}

test('PUT stores a timer, replaces it, and GET and DELETE find it', async () => {
  const first = await put('order-42', { metadata: { n: 1 } });
  expect(first.status).toBe(201);
  const second = await put('order-42', { execute_at: '2099-01-31T09:00:00.000Z', delay: undefined });
  expect(second).toStrictEqual({ status: 200, id: first.id });
  expect(api.wakes.at(-1)).toBe(Date.parse('2099-01-31T09:00:00.000Z'));
  const read = await api.request('GET', path('order-42'));
  expect(timerResponseSchema.parse(read.body).data).toMatchObject({
    id: first.id,
    key: 'order-42',
    execute_at: '2099-01-31T09:00:00.000Z',
    metadata: null,
  });
  expect(await api.request('DELETE', path('order-42'))).toMatchObject({
    status: 200,
    body: { data: { id: first.id, status: 'canceled' } },
  });
  expect((await put('order-42')).status).toBe(201);
});

test('after the end of a timer its key still finds it, and a change is refused with the reason', async () => {
  const { id } = await put('finished');
  await api.request('DELETE', path('finished'));
  const read = await api.request('GET', path('finished'));
  expect(timerResponseSchema.parse(read.body).data).toMatchObject({ id, status: 'canceled' });
  expect(await api.request('DELETE', path('finished'))).toMatchObject({
    status: 400,
    body: { code: 2, reason: 'not_pending', status: 'canceled' },
  });
});

test('POST refuses a key that an unfinished timer has, and says which item has it', async () => {
  const { id } = await put('taken');
  const keyed = { ...body, key: 'taken' };
  expect(await api.request('POST', '/timers', keyed)).toMatchObject({
    status: 409,
    body: { code: 11, reason: 'key_in_use', data: null, errors: [{ path: 'key' }] },
  });
  expect(await api.request('POST', '/timers/batch', { timers: [body, keyed] })).toMatchObject({
    status: 409,
    body: { code: 11, errors: [{ path: 'timers.1.key' }] },
  });
  await api.request('DELETE', `/timers/${id}`);
  expect(await api.request('POST', '/timers', keyed)).toMatchObject({ status: 201 });
});

test('a repeated POST with the same Idempotency-Key returns the timer that has the key', async () => {
  const keyed = { ...body, key: 'repeated' };
  const headers = { 'idempotency-key': 'repeated-1' };
  const first = await api.request('POST', '/timers', keyed, headers);
  const second = await api.request('POST', '/timers', keyed, headers);
  expect(second).toMatchObject({ status: 201, body: first.body });
  expect(second.headers['idempotent-replayed']).toBe('true');
});

test('a repeated PUT with the same Idempotency-Key returns its timer, and stores none after that is finished', async () => {
  const headers = { 'idempotency-key': 'put-1' };
  const repeat = () => api.request('PUT', path('put-once'), body, headers);
  const first = await repeat();
  const { id } = timerResponseSchema.parse(first.body).data;
  expect([first.status, first.headers['idempotent-replayed']]).toStrictEqual([201, undefined]);
  await api.request('DELETE', `/timers/${id}`);
  const second = await repeat();
  expect([second.status, second.headers['idempotent-replayed']]).toStrictEqual([200, 'true']);
  expect(timerResponseSchema.parse(second.body).data).toMatchObject({ id, status: 'canceled' });
  // The key belongs to this key of a timer and this body.
  for (const [key, more] of [
    ['put-other', {}],
    ['put-once', { delay: '2h' }],
  ] as const)
    expect(await api.request('PUT', path(key), { ...body, ...more }, headers)).toMatchObject({
      status: 409,
      body: { code: 7, reason: 'different_request' },
    });
  expect(await api.request('POST', '/timers', body, headers)).toMatchObject({
    status: 409,
    body: { code: 7 },
  });
});

test('a failed timer whose key is in use is not retried', async () => {
  const { id } = await put('retried');
  await api.db.rows({ name: 'fail', text: `UPDATE timers SET status = 'failed' WHERE id = $1` }, [id]);
  await put('retried');
  expect(await api.request('POST', `/timers/${id}/retry`)).toMatchObject({
    status: 409,
    body: { code: 11, reason: 'key_in_use', data: null },
  });
});

test('an executing timer is not replaced', async () => {
  const { id } = await put('executing', { delay: '1s' });
  await api.db.rows(
    {
      name: 'claim',
      text: `INSERT INTO claim_batches (due_from, due_to, timer_ids, tokens)
             SELECT execute_at, execute_at, ARRAY[id], ARRAY[claims] FROM timers WHERE id = $1`,
    },
    [id],
  );
  expect(await api.request('PUT', path('executing'), body)).toMatchObject({
    status: 400,
    body: {
      code: 2,
      reason: 'not_pending',
      status: 'executing',
      message: "cannot replace timer with status 'executing'",
    },
  });
});

test('the keys of other API keys are not found', async () => {
  const { id } = await put('mine');
  expect(await api.request('GET', path('mine'), undefined, asOther)).toMatchObject({ status: 404 });
  expect(await api.request('DELETE', path('mine'), undefined, asOther)).toMatchObject({ status: 404 });
  const theirs = await api.request('PUT', path('mine'), body, asOther);
  expect(theirs.status).toBe(201);
  expect(timerResponseSchema.parse(theirs.body).data.id).not.toBe(id);
});

describe('keys', () => {
  test.each(['a', 'order/42?x=1#y', 'user@example.com', '%2e%2e', '...', '~'.repeat(255)])(
    '%j is accepted',
    async (key) => {
      const { id } = await put(key);
      const read = await api.request('GET', path(key));
      expect(timerResponseSchema.parse(read.body).data).toMatchObject({ id, key });
    },
  );

  test.each(['a b', 'ü', 'a\n', '\u0000', 'a'.repeat(256)])('%j is refused in a path', async (key) => {
    const issue = { path: 'path.key', message: expect.any(String) };
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(await api.request(method, path(key), method === 'PUT' ? body : undefined)).toMatchObject({
        status: 400,
        body: { code: 2, errors: [issue] },
      });
  });

  test.each(['', '.', '..', 'a b', 'ü', 'a'.repeat(256), 42, null, {}])(
    '%j is refused in a body',
    async (key) => {
      expect(await api.request('POST', '/timers', { ...body, key })).toMatchObject({
        status: 400,
        body: { code: 2, errors: expect.arrayContaining([expect.objectContaining({ path: 'key' })]) },
      });
    },
  );

  test('the body of a PUT has no key of its own', async () => {
    expect(await api.request('PUT', path('a'), { ...body, key: 'a' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'key', message: 'unknown field' }] },
    });
  });
});
