import { afterAll, describe, expect, test } from '@jest/globals';
import {
  attemptListResponseSchema,
  canceledResponseSchema,
  errorResponseSchema,
  healthResponseSchema,
  timerListResponseSchema,
  timerResponseSchema,
  timerSummaryResponseSchema,
} from '@timer-platform/callback-types';
import { findTimer } from '@timer-platform/database';
import { startTestApi } from './testing/test-api.ts';

const api = await startTestApi();
afterAll(() => api.close());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const EXECUTE_AT = '2099-01-31T09:00:00.000Z';
const CALLBACK = {
  type: 'http',
  url: 'https://example.com/hook',
  headers: { 'X-Id': '1' },
  payload: { n: 1 },
};
const MISSING = '00000000-0000-4000-8000-000000000000';

const create = (body: object = { execute_at: EXECUTE_AT, callback: CALLBACK }) => api.createTimer(body);

async function setStatus(id: string, status: string): Promise<void> {
  await api.db.rows({ name: 'set-status', text: 'UPDATE timers SET status = $2 WHERE id = $1' }, [
    id,
    status,
  ]);
}

describe('the routes of the first service', () => {
  test('create returns 201 with the timer', async () => {
    const { status, body } = await api.request('POST', '/timers', {
      execute_at: EXECUTE_AT,
      callback: CALLBACK,
      metadata: { order: 7 },
    });
    expect({ status, body }).toStrictEqual({
      status: 201,
      body: {
        code: 0,
        message: 'success',
        data: {
          id: expect.stringMatching(UUID),
          created_at: expect.stringMatching(/Z$/),
          execute_at: EXECUTE_AT,
          callback_type: 'http',
          status: 'pending',
          executed_at: null,
          due_at: EXECUTE_AT,
          destination: 'https://example.com',
          attempts: 0,
          last_error: null,
          key: null,
          paused: false,
        },
      },
    });
    expect(api.wakes.at(-1)).toBe(Date.parse(EXECUTE_AT));
  });

  test('get returns the whole timer', async () => {
    const id = await create({ execute_at: EXECUTE_AT, callback: CALLBACK, metadata: { order: 7 } });
    const { status, body } = await api.request('GET', `/timers/${id}`);
    expect(status).toBe(200);
    expect(timerResponseSchema.parse(body)).toMatchObject({
      code: 0,
      message: 'success',
      data: {
        id,
        execute_at: EXECUTE_AT,
        due_at: EXECUTE_AT,
        callback_type: 'http',
        callback: CALLBACK,
        metadata: { order: 7 },
        status: 'pending',
        last_error: null,
        executed_at: null,
        attempts: 0,
      },
    });
  });

  test('list returns timers, total, limit and offset', async () => {
    const nats = await create({ execute_at: EXECUTE_AT, callback: { type: 'nats', topic: 'orders.due' } });
    const all = await api.request('GET', '/timers?limit=1');
    expect(all.status).toBe(200);
    const list = timerListResponseSchema.parse(all.body).data;
    expect(list).toMatchObject({ limit: 1, offset: 0, total_estimated: false });
    expect(list.timers.map(({ id }) => id)).toStrictEqual([nats]);
    expect(list.total).toBeGreaterThan(1);
    const { body } = await api.request('GET', '/timers?callback_type=nats&status=pending');
    expect(timerListResponseSchema.parse(body).data).toMatchObject({ total: 1, next_cursor: null });
  });

  test('update returns 200 and leaves absent fields unchanged', async () => {
    const id = await create();
    const later = '2099-02-01T00:00:00.000Z';
    const { status, body } = await api.request('PUT', `/timers/${id}`, { execute_at: later });
    expect(status).toBe(200);
    const { data } = timerResponseSchema.parse(body);
    expect(data).toMatchObject({ id, execute_at: later, callback: CALLBACK, due_at: later });
    expect(await api.getTimer(id)).toStrictEqual(data);
    expect(api.wakes.at(-1)).toBe(Date.parse(later));
  });

  test('cancel returns 200 with id and status', async () => {
    const id = await create();
    const { status, body } = await api.request('DELETE', `/timers/${id}`);
    expect(status).toBe(200);
    expect(canceledResponseSchema.strict().parse(body).data).toStrictEqual({ id, status: 'canceled' });
  });

  test.each(['executing', 'completed', 'failed', 'canceled'])(
    'update and cancel reject a timer with status %s',
    async (status) => {
      const id = await create();
      await setStatus(id, status);
      expect(await api.request('PUT', `/timers/${id}`, { metadata: 1 })).toMatchObject({
        status: 400,
        body: {
          code: 2,
          message: `cannot update timer with status '${status}'`,
          data: null,
          reason: 'not_pending',
          status,
        },
      });
      expect(await api.request('DELETE', `/timers/${id}`)).toMatchObject({
        status: 400,
        body: {
          code: 2,
          message: `cannot cancel timer with status '${status}'`,
          reason: 'not_pending',
          status,
        },
      });
      expect(await api.request('POST', `/timers/${id}/run`)).toMatchObject({
        status: 400,
        body: { code: 2, message: `cannot run timer with status '${status}'`, reason: 'not_pending', status },
      });
    },
  );

  test.each([
    ['GET', `/timers/${MISSING}`, undefined],
    ['PUT', `/timers/${MISSING}`, { metadata: 1 }],
    ['DELETE', `/timers/${MISSING}`, undefined],
    ['POST', `/timers/${MISSING}/retry`, undefined],
    ['POST', `/timers/${MISSING}/run`, undefined],
    ['GET', `/timers/${MISSING}/attempts`, undefined],
  ])('%s %s returns 404 with code 3', async (method, path, body) => {
    expect(await api.request(method, path, body)).toMatchObject({
      status: 404,
      body: { code: 3, message: 'timer not found', data: null, reason: 'timer_not_found' },
    });
  });

  test.each(['/healthz', '/health'])('%s needs no API key', async (path) => {
    const { status, body } = await api.request('GET', path, undefined, { 'x-api-key': '' });
    expect(status).toBe(200);
    expect(healthResponseSchema.parse(body).data).toMatchObject({ status: 'up', database: 'connected' });
  });

  test.each([
    ['a wrong key', { 'x-api-key': 'wrong' }],
    ['an empty key', { 'x-api-key': '' }],
    ['a longer key', { 'x-api-key': 'a-test-key-of-more-than-32-characters1' }],
  ])('%s returns 401 with code 4', async (_, headers) => {
    expect(await api.request('GET', '/timers', undefined, headers)).toMatchObject({
      status: 401,
      body: { code: 4, data: null },
    });
  });
});

describe('retry and run', () => {
  test('retry makes a failed timer pending', async () => {
    const id = await create();
    await setStatus(id, 'failed');
    const { status, body } = await api.request('POST', `/timers/${id}/retry`);
    expect(status).toBe(200);
    expect(timerSummaryResponseSchema.parse(body).data).toMatchObject({ id, status: 'pending' });
    expect(api.wakes.at(-1)).toBeUndefined();
    expect(await api.request('POST', `/timers/${id}/retry`)).toMatchObject({
      status: 400,
      body: {
        code: 2,
        message: "cannot retry timer with status 'pending'",
        reason: 'not_failed',
        status: 'pending',
      },
    });
  });

  test('run makes a pending timer due now', async () => {
    const id = await create();
    // Many clients send the content type with requests that have no body.
    const run = await api.request('POST', `/timers/${id}/run`, undefined, {
      'content-type': 'application/json',
    });
    expect(run.status).toBe(200);
    const timer = await api.getTimer(id);
    expect(Date.parse(timer.due_at)).toBeLessThan(Date.parse(EXECUTE_AT));
    expect(timer.execute_at).toBe(EXECUTE_AT);
  });

  test('a timer without an attempt has an empty list of attempts', async () => {
    const { status, body } = await api.request('GET', `/timers/${await create()}/attempts`);
    expect(status).toBe(200);
    expect(attemptListResponseSchema.parse(body).data).toStrictEqual({ attempts: [] });
  });
});

describe('reason, for programs', () => {
  const past = { execute_at: '2020-01-01T00:00:00Z', callback: CALLBACK };

  test('an instant in the past is told from a malformed request', async () => {
    const errors = [{ path: 'execute_at', message: 'must be in the future' }];
    const rejected = { status: 400, body: { code: 2, reason: 'in_the_past', errors } };
    expect(await api.request('POST', '/timers', past)).toMatchObject(rejected);
    const id = await create();
    expect(await api.request('PUT', `/timers/${id}`, { execute_at: past.execute_at })).toMatchObject(
      rejected,
    );
    expect(await api.request('POST', '/timers/batch', { timers: [past, past] })).toMatchObject({
      status: 400,
      body: {
        reason: 'in_the_past',
        errors: [{ path: 'timers.0.execute_at' }, { path: 'timers.1.execute_at' }],
      },
    });
  });

  test('a malformed request has no reason: its errors say what is wrong', async () => {
    const { body } = await api.request('POST', '/timers', { ...past, execute_at: 'soon' });
    const { reason, status, errors } = errorResponseSchema.strict().parse(body);
    expect({ reason, status, errors: errors?.length }).toStrictEqual({
      reason: undefined,
      status: undefined,
      errors: 1,
    });
  });

  test('a wrong URL is told from an unknown timer', async () => {
    expect(await api.request('GET', `/api/timers/${MISSING}`)).toMatchObject({
      status: 404,
      body: { code: 3, reason: 'path_not_found' },
    });
  });
});

describe('delay 0s', () => {
  test.each(['0s', '0ms', '0d0h0m0s'])(
    'a timer with the delay %s is due now, and never before it was created',
    async (delay) => {
      // Now and then now() is a full millisecond, which must not be equal to created_at.
      const ids = await Promise.all(Array.from({ length: 20 }, () => create({ delay, callback: CALLBACK })));
      for (const id of ids) {
        const row = await findTimer(api.db, id);
        const aheadMs = Number(row?.execute_at) - Number(row?.created_at);
        expect(aheadMs).toBeGreaterThan(0);
        expect(aheadMs).toBeLessThanOrEqual(2);
      }
    },
  );

  test('an update with the delay 0s makes a timer due now', async () => {
    const id = await create();
    const { status, body } = await api.request('PUT', `/timers/${id}`, { delay: '0s' });
    expect(status).toBe(200);
    const { data } = timerResponseSchema.parse(body);
    expect(Date.parse(data.execute_at)).toBeLessThanOrEqual(Date.parse(data.updated_at) + 2);
    expect(data.due_at).toBe(data.execute_at);
    expect(api.wakes.at(-1)).toBe(Date.parse(data.execute_at));
  });
});
