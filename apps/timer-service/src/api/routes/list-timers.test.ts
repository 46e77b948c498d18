import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { timerListResponseSchema, type TimerSummary } from '@timer-platform/callback-types';
import { startTestApi } from '../testing/test-api.ts';

const api = await startTestApi();
const COUNT = 25;

beforeAll(async () => {
  const timers = Array.from({ length: COUNT }, (_, index) => ({
    // Five timers per instant.
    execute_at: `2099-01-0${1 + (index % 5)}T00:00:00Z`,
    callback: index < 10 ? { type: 'nats', topic: 'a' } : { type: 'http', url: 'https://example.com/' },
  }));
  // One statement gives all timers the same created_at.
  await api.request('POST', '/timers/batch', { timers });
});
afterAll(() => api.close());

async function page(query: string) {
  const { status, body } = await api.request('GET', `/timers?${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return timerListResponseSchema.parse(body).data;
}

async function allPages(query: string): Promise<TimerSummary[]> {
  const timers: TimerSummary[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const next = await page(cursor === '' ? query : `${query}&cursor=${cursor}`);
    timers.push(...next.timers);
    cursor = next.next_cursor;
    if (timers.length > COUNT) throw new Error('pages repeat timers');
  }
  return timers;
}

describe('GET /timers', () => {
  test.each([
    'sort=created_at&order=desc',
    'sort=created_at&order=asc',
    'sort=execute_at&order=desc',
    'sort=execute_at&order=asc',
  ])('pages of %s contain every timer once', async (query) => {
    const all = await page(`${query}&limit=200`);
    expect(all).toMatchObject({ total: COUNT, total_estimated: false, next_cursor: null });
    expect(await allPages(`${query}&limit=4`)).toStrictEqual(all.timers);
  });

  test('sorts by execute_at', async () => {
    const { timers } = await page('sort=execute_at&order=asc&limit=200');
    const instants = timers.map(({ execute_at }) => execute_at);
    expect(instants).toStrictEqual([...instants].sort());
  });

  test('applies filters to every page and to the total', async () => {
    expect(await page('callback_type=nats&limit=3')).toMatchObject({ total: 10, limit: 3 });
    const timers = await allPages('callback_type=nats&limit=3');
    expect(timers).toHaveLength(10);
    expect(timers.every((timer) => timer.callback_type === 'nats')).toBe(true);
    expect(await page('status=failed')).toMatchObject({ timers: [], total: 0, next_cursor: null });
  });

  test('a timer stored between two pages does not shift the others', async () => {
    const first = await page('limit=10');
    await api.request('POST', '/timers', { delay: '1h', callback: { type: 'nats', topic: 'later' } });
    const rest = await page(`limit=200&cursor=${first.next_cursor ?? ''}`);
    const ids = [...first.timers, ...rest.timers].map(({ id }) => id);
    expect(ids).toHaveLength(COUNT);
    expect(new Set(ids).size).toBe(COUNT);
  });

  test.each(['order=asc', 'sort=execute_at', 'status=pending', 'callback_type=http'])(
    'rejects the cursor of another list: %s',
    async (query) => {
      const { next_cursor: cursor } = await page('limit=1');
      expect(await api.request('GET', `/timers?${query}&cursor=${cursor ?? ''}`)).toMatchObject({
        status: 400,
        body: { code: 2, errors: [{ path: 'query.cursor' }] },
      });
    },
  );

  test('applies offset and limit', async () => {
    const all = await page('limit=200');
    const part = await page('limit=5&offset=20');
    expect(part).toMatchObject({ limit: 5, offset: 20 });
    expect(part.timers).toStrictEqual(all.timers.slice(20, 25));
  });
});
