import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../transports/transport.ts';
import { admit, afterAttempt, type BreakerState, CLOSED } from './circuit-breaker.ts';

const delivered: Outcome = { kind: 'delivered', statusCode: 200 };
const refused: Outcome = {
  kind: 'retryable',
  reason: 'connection refused',
  statusCode: null,
  retryAfterMs: null,
  unreachable: true,
};
const notFound: Outcome = { ...refused, reason: 'HTTP 404', statusCode: 404, unreachable: false };
const busy: Outcome = { ...notFound, reason: 'HTTP 503', statusCode: 503 };

function afterAttempts(state: BreakerState, outcome: Outcome, times: number, nowMs = 0): BreakerState {
  let result = state;
  for (let i = 0; i < times; i += 1) result = afterAttempt(result, outcome, false, nowMs);
  return result;
}

describe('circuit breaker', () => {
  test('opens after ten consecutive failures, not after nine', () => {
    expect(afterAttempts(CLOSED, refused, 9)).toEqual({ kind: 'closed', failures: 9 });
    expect(afterAttempts(CLOSED, refused, 10, 500)).toEqual({ kind: 'open', untilMs: 1_500, forMs: 1_000 });
    expect(afterAttempts(CLOSED, busy, 10).kind).toBe('open');
  });

  test('a delivery or a rejection of a single callback resets the failures', () => {
    expect(afterAttempt(afterAttempts(CLOSED, refused, 9), delivered, false, 0)).toEqual(CLOSED);
    expect(afterAttempt(afterAttempts(CLOSED, refused, 9), notFound, false, 0)).toEqual(CLOSED);
    expect(afterAttempts(CLOSED, notFound, 1_000)).toEqual(CLOSED);
  });

  test('starts nothing while open, then one trial attempt, and nothing during the trial', () => {
    const open = afterAttempts(CLOSED, refused, 10, 0);
    expect(admit(open, 999)).toEqual({ kind: 'wait', untilMs: 1_000 });
    expect(admit(open, 1_000)).toEqual({ kind: 'trial', state: { kind: 'half-open', forMs: 1_000 } });
    expect(admit({ kind: 'half-open', forMs: 1_000 }, 1_001)).toEqual({ kind: 'wait', untilMs: 2_001 });
  });

  test('a successful trial closes it, a failed one opens it for twice as long, up to a minute', () => {
    let state: BreakerState = { kind: 'half-open', forMs: 1_000 };
    expect(afterAttempt(state, delivered, true, 0)).toEqual(CLOSED);
    const durations: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const open = afterAttempt(state, refused, true, 0);
      if (open.kind !== 'open') throw new Error('must be open');
      durations.push(open.forMs);
      state = { kind: 'half-open', forMs: open.forMs };
    }
    expect(durations).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('attempts started before it opened do not open it again, but a delivery closes it', () => {
    const open = afterAttempts(CLOSED, refused, 10, 0);
    expect(afterAttempt(open, refused, false, 900)).toBe(open);
    expect(afterAttempt(open, delivered, false, 900)).toEqual(CLOSED);
  });

  test('stays open for Retry-After, up to a minute', () => {
    const state: BreakerState = { kind: 'closed', failures: 9 };
    const after = (retryAfterMs: number) => afterAttempt(state, { ...busy, retryAfterMs }, false, 0);
    expect(after(20_000)).toMatchObject({ untilMs: 20_000 });
    expect(after(3_600_000)).toMatchObject({ untilMs: 60_000 });
  });
});
