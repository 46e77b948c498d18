import { beforeEach, expect, test } from '@jest/globals';
import { cachedResolver } from './cached-resolver.ts';

let nowMs: number;
let queries: string[];
let ttlMs: number;
const clock = { monotonicMs: () => nowMs, wallMs: () => 0 };
const addresses = [{ address: '192.0.2.1', family: 4 }];

beforeEach(() => {
  nowMs = 0;
  queries = [];
  ttlMs = 60_000;
});

const resolver = () =>
  cachedResolver(clock, (hostname) => {
    queries.push(hostname);
    return hostname === 'nowhere'
      ? Promise.reject(Object.assign(new Error('a'), { code: 'ENOTFOUND' }))
      : Promise.resolve({ addresses, ttlMs });
  });

test('shares a lookup between concurrent requests for a name', async () => {
  ttlMs = 0;
  const resolve = resolver();
  await Promise.all([resolve('a'), resolve('a'), resolve('b'), resolve('a')]);
  expect(queries).toEqual(['a', 'b']);
  await resolve('a');
  expect(queries).toEqual(['a', 'b', 'a']);
});

test('keeps addresses for their TTL, at most ten seconds', async () => {
  const resolve = resolver();
  for (const [atMs, count] of [
    [0, 1],
    [9_999, 1],
    [10_000, 2],
  ] as const) {
    nowMs = atMs;
    expect(await resolve('a')).toEqual(addresses);
    expect(queries).toHaveLength(count);
  }
  ttlMs = 2_000;
  nowMs = 20_000;
  await resolve('a');
  nowMs = 22_000;
  await resolve('a');
  expect(queries).toHaveLength(4);
});

test('keeps errors for one second', async () => {
  const resolve = resolver();
  for (const atMs of [0, 999, 1_000]) {
    nowMs = atMs;
    await expect(resolve('nowhere')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  }
  expect(queries).toHaveLength(2);
});

test('keeps the 1,000 names that were looked up last', async () => {
  const resolve = resolver();
  for (let n = 0; n <= 1_000; n += 1) await resolve(`n${n}`);
  await resolve('n1');
  expect(queries).toHaveLength(1_001);
  await resolve('n0');
  expect(queries).toHaveLength(1_002);
});
