import { describe, expect, test } from '@jest/globals';
import type { RetryPolicy } from '@timer-platform/callback-types';
import { giveUpAt, maxAttempts, retryDelay } from './retry-schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function delays(policy: RetryPolicy | null, attempts: number): number[] {
  return Array.from({ length: attempts }, (_, n) => retryDelay(policy, n + 1, 0));
}

describe('maxAttempts', () => {
  test.each<[RetryPolicy | null, number]>([
    [null, 10],
    [{}, 10],
    [{ max_attempts: 3 }, 3],
    [{ delays: ['1s', '2s'] }, 3],
    [{ delays: ['1s', '2s'], max_attempts: 9 }, 9],
    [{ exponential: { initial: '1s', factor: 2, max: '1h' } }, 10],
  ])('%j allows %d', (policy, attempts) => {
    expect(maxAttempts(policy)).toBe(attempts);
  });
});

describe('retryDelay', () => {
  test.each<[string, RetryPolicy | null]>([
    ['no policy', null],
    ['a policy without delays', { max_attempts: 5 }],
  ])('%s: from five seconds to eight hours, about 16 hours in total', (_, policy) => {
    const nine = delays(policy, 9);
    expect(nine.slice(0, 4)).toEqual([5_000, 30_000, 2 * MINUTE_MS, 10 * MINUTE_MS]);
    expect(nine.at(-1)).toBe(8 * HOUR_MS);
    expect(nine.reduce((sum, delay) => sum + delay) / HOUR_MS).toBeCloseTo(15.7, 1);
  });

  test('the last delay repeats', () => {
    expect(delays({ delays: ['1s', '5m'] }, 4)).toEqual([1_000, 5 * MINUTE_MS, 5 * MINUTE_MS, 5 * MINUTE_MS]);
  });

  test('exponential delays grow by their factor up to their maximum', () => {
    const policy = { exponential: { initial: '1s', factor: 10, max: '5m' } };
    expect(delays(policy, 5)).toEqual([1_000, 10_000, 100_000, 5 * MINUTE_MS, 5 * MINUTE_MS]);
    expect(retryDelay({ exponential: { initial: '1s', factor: 100, max: '1h' } }, 100_000, 0)).toBe(HOUR_MS);
  });

  test('jitter adds a fifth at most', () => {
    expect(retryDelay({ delays: ['10s'] }, 1, 0.5)).toBe(11_000);
    expect(retryDelay({ delays: ['10s'] }, 1, 0.999)).toBeLessThan(12_000);
  });

  test('durations that only SQL could store are replaced', () => {
    expect(delays({ delays: ['soon'] }, 1)).toEqual([MINUTE_MS]);
    expect(delays({ exponential: { initial: 'soon', factor: 2, max: 'late' } }, 2)).toEqual([5_000, 10_000]);
  });
});

describe('giveUpAt', () => {
  test.each<[RetryPolicy | null, number]>([
    [null, Infinity],
    [{}, Infinity],
    [{ give_up_after: 'soon' }, Infinity],
    [{ give_up_after: '1h' }, 1_000 + HOUR_MS],
  ])('%j gives up at %d', (policy, atMs) => {
    expect(giveUpAt(policy, 1_000)).toBe(atMs);
  });
});
