import { describe, expect, test } from '@jest/globals';
import { claimedTimer } from '../testing/claimed-timer.ts';
import { startProblem } from './start-check.ts';

const EXPIRED = { error: 'expired: no attempt could start before expires_at' };
const GIVEN_UP = { error: 'given up: no attempt could start within give_up_after' };

describe('startProblem', () => {
  test('an attempt may start while the lease is valid', () => {
    const timer = claimedTimer({});
    expect(startProblem(timer, 8_499, 0)).toBeUndefined();
    expect(startProblem(timer, 8_500, 0)).toBe('lease-invalid');
  });

  test('a timer expires at expires_at', () => {
    const timer = claimedTimer({ expiresAtMs: 5_000 });
    expect(startProblem(timer, 0, 4_999)).toBeUndefined();
    expect(startProblem(timer, 0, 5_000)).toEqual(EXPIRED);
  });

  test('give_up_after counts from when attempts began to count, not from when the timer was due', () => {
    const timer = claimedTimer({ retryFromMs: 60_000 }, { retry: { give_up_after: '5s' } });
    expect(startProblem(timer, 0, 65_000)).toBeUndefined();
    expect(startProblem(timer, 0, 65_001)).toEqual(GIVEN_UP);
  });

  test('a retry policy without give_up_after never gives up', () => {
    expect(
      startProblem(claimedTimer({}, { retry: { max_attempts: 3 } }), 0, Number.MAX_SAFE_INTEGER),
    ).toBeUndefined();
  });

  test('a timer that is too late fails even without a valid lease: settling it is fenced', () => {
    expect(startProblem(claimedTimer({ expiresAtMs: 5_000 }), 9_000, 5_000)).toEqual(EXPIRED);
  });
});
