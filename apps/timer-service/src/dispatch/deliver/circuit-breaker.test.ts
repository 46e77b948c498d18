import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  afterAttempt,
  type Availability,
  type BreakerState,
  CLOSED,
  permissionOf,
  trialStarted,
} from './circuit-breaker.ts';

function fail(state: BreakerState, times: number, nowMs = 0, retryAfterMs = 0): BreakerState {
  let result = state;
  for (let n = 0; n < times; n += 1) result = afterAttempt(result, 'unavailable', false, retryAfterMs, nowMs);
  return result;
}

const OPEN: BreakerState = { kind: 'open', untilMs: 1_000, forMs: 1_000 };

describe('circuit breaker', () => {
  test('opens for a second after ten consecutive failures', () => {
    expect(fail(CLOSED, 9)).toEqual({ kind: 'closed', failures: 9 });
    expect(fail(CLOSED, 10, 500)).toEqual({ kind: 'open', untilMs: 1_500, forMs: 1_000 });
  });

  test('a success resets the number of failures', () => {
    expect(afterAttempt(fail(CLOSED, 9), 'available', false, 0, 0)).toEqual(CLOSED);
  });

  test('neutral attempts neither add to the failures nor reset them', () => {
    const state = fail(CLOSED, 9);
    expect(afterAttempt(state, 'neutral', false, 0, 0)).toBe(state);
  });

  test('allows every attempt while closed, none while open, and then a trial', () => {
    expect(permissionOf(fail(CLOSED, 9), 0)).toBe('start');
    expect(permissionOf(OPEN, 999)).toEqual({ untilMs: 1_000 });
    expect(permissionOf(OPEN, 1_000)).toBe('trial');
  });

  test.each([
    ['five seconds', 1_000, 5_000],
    ['as long as it was open', 16_000, 16_000],
  ])('a trial that hangs for more than %s allows another one', (_, forMs, longestMs) => {
    const state = trialStarted({ kind: 'open', untilMs: 100, forMs }, 100);
    expect(permissionOf(state, 100)).toEqual({ untilMs: 100 + forMs });
    expect(permissionOf(state, 100 + longestMs)).toEqual({ untilMs: 100 + longestMs + forMs });
    expect(permissionOf(state, 101 + longestMs)).toBe('trial');
    const next = trialStarted(state, 101 + longestMs);
    expect(next).toEqual({ kind: 'half-open', forMs, sinceMs: 101 + longestMs });
    expect(permissionOf(next, 102 + longestMs)).toEqual({ untilMs: 102 + longestMs + forMs });
  });

  test('a successful trial closes it', () => {
    expect(afterAttempt(trialStarted(OPEN, 1_000), 'available', true, 0, 1_010)).toEqual(CLOSED);
  });

  test('a failed trial opens it for twice as long, up to a minute', () => {
    const durations: number[] = [];
    let state: BreakerState = fail(CLOSED, 10);
    for (let n = 0; n < 8; n += 1) {
      state = afterAttempt(trialStarted(state, 0), 'unavailable', true, 0, 0);
      if (state.kind === 'open') durations.push(state.forMs);
    }
    expect(durations).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('a neutral trial is canceled: the next attempt is the trial', () => {
    const state = afterAttempt(trialStarted(OPEN, 1_000), 'neutral', true, 0, 1_010);
    expect(permissionOf(state, 1_010)).toBe('trial');
    expect(trialStarted(state, 1_010)).toEqual({ kind: 'half-open', forMs: 1_000, sinceMs: 1_010 });
  });

  test('of attempts that started before it opened, a failure changes nothing and a success closes it', () => {
    for (const state of [OPEN, trialStarted(OPEN, 1_000)]) {
      expect(afterAttempt(state, 'unavailable', false, 0, 1_010)).toBe(state);
      expect(afterAttempt(state, 'neutral', false, 0, 1_010)).toBe(state);
      expect(afterAttempt(state, 'available', false, 0, 1_010)).toEqual(CLOSED);
    }
  });

  test('a trial that ends after another one opened the breaker leaves it open', () => {
    expect(afterAttempt(OPEN, 'unavailable', true, 0, 500)).toBe(OPEN);
    expect(afterAttempt(OPEN, 'neutral', true, 0, 500)).toBe(OPEN);
  });

  test.each([
    [0, 1_000],
    [20_000, 20_000],
    [3_600_000, 60_000],
    [-5, 1_000],
  ])('stays open for Retry-After, within a second and a minute (%d ms)', (retryAfterMs, untilMs) => {
    expect(fail({ kind: 'closed', failures: 9 }, 1, 0, retryAfterMs)).toEqual({
      kind: 'open',
      untilMs,
      forMs: 1_000,
    });
  });

  test('opens only after ten failures, for a minute at most, and starts trials at least five seconds apart', () => {
    const step = fc.record({
      passMs: fc.constantFrom(0, 10, 900, 4_000, 70_000),
      starts: fc.boolean(),
      availability: fc.option(fc.constantFrom<Availability>('available', 'unavailable', 'neutral')),
      retryAfterMs: fc.constantFrom(0, 5_000, 100_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        let state = CLOSED;
        let nowMs = 0;
        let failures = 0;
        let trialMs = Number.NEGATIVE_INFINITY;
        const underWay: boolean[] = [];
        for (const { passMs, starts, availability, retryAfterMs } of steps) {
          nowMs += passMs;
          const permission = permissionOf(state, nowMs);
          if (starts && typeof permission === 'string') {
            const isTrial = permission === 'trial';
            if (isTrial) {
              // Only a hanging trial is followed by another one.
              if (state.kind === 'half-open') expect(nowMs - trialMs).toBeGreaterThan(5_000);
              state = trialStarted(state, nowMs);
              trialMs = nowMs;
            }
            underWay.push(isTrial);
          }
          if (availability === null || underWay.length === 0) continue;
          failures = availability === 'available' ? 0 : failures + (availability === 'unavailable' ? 1 : 0);
          state = afterAttempt(state, availability, underWay.shift() === true, retryAfterMs, nowMs);
          if (state.kind === 'closed') expect(state.failures).toBeLessThan(10);
          else expect(failures).toBeGreaterThanOrEqual(10);
          if (state.kind === 'open') expect(state.untilMs - nowMs).toBeLessThanOrEqual(60_000);
        }
      }),
    );
  });
});
