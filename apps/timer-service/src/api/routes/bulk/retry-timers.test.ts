import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { retriedResponseSchema } from '@timer-platform/callback-types';
import { startTestApi } from '../../testing/test-api.ts';

const WRITE = 'key-of-the-role-write-with-40-characters';
const api = await startTestApi({
  env: { API_KEYS: JSON.stringify([{ name: 'writer', role: 'write', key: WRITE }]) },
});

beforeAll(async () => {
  const timers = Array.from({ length: 12 }, (_, index) => ({
    delay: '1h',
    callback: index < 4 ? { type: 'nats', topic: 'a' } : { type: 'http', url: 'https://example.com/' },
  }));
  await api.request('POST', '/timers/batch', { timers });
  await api.db.rows({
    name: 'fail',
    text: "UPDATE timers SET status = 'failed', executed_at = now(), last_error = 'HTTP 503'",
  });
});
afterAll(() => api.close());

async function retry(body: object) {
  const response = await api.request('POST', '/timers/retry', body);
  expect(response).toMatchObject({ status: 200 });
  return retriedResponseSchema.parse(response.body).data;
}

test('counts failed timers with dry_run and retries them in parts', async () => {
  api.wakes.length = 0;
  expect(await retry({ dry_run: true })).toMatchObject({ matched: 12, retried: 0, more: false });
  expect(await retry({ dry_run: true, limit: 5 })).toMatchObject({ matched: 12, retried: 0, more: false });
  expect(await retry({ last_error: 'HTTP 404' })).toMatchObject({ matched: 0, retried: 0, more: false });
  expect(await retry({ failed_before: '2026-01-01T00:00:00+02:00' })).toMatchObject({ retried: 0 });
  expect(api.wakes).toStrictEqual([]);
  expect(await retry({ callback_type: 'nats' })).toMatchObject({ matched: 4, retried: 4, more: false });
  expect(api.wakes).toStrictEqual([undefined]);
  expect(await retry({ limit: 8, last_error: '503' })).toMatchObject({ matched: 8, retried: 8, more: true });
  expect(await retry({})).toMatchObject({ matched: 0, retried: 0, more: false });
});

test.each<[unknown, string]>([
  [undefined, 'body'],
  [{ limit: 0 }, 'limit'],
  [{ limit: 10_001 }, 'limit'],
  [{ failed_from: 'yesterday' }, 'failed_from'],
  [{ last_error: '' }, 'last_error'],
  [{ last_error: '\u0000' }, 'last_error'],
  [{ last_error: '\ud800' }, 'last_error'],
  [{ status: 'completed' }, 'status'],
])('rejects %j', async (body, path) => {
  expect(await api.request('POST', '/timers/retry', body)).toMatchObject({
    status: 400,
    body: { code: 2, errors: [{ path }] },
  });
});

test('requires a key of the role admin', async () => {
  const response = await api.request('POST', '/timers/retry', {}, { 'x-api-key': WRITE });
  expect(response).toMatchObject({ status: 403, body: { code: 9 } });
});
