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

function afterRow(state: BreakerState, outcome: Outcome, times: number, nowMs = 0): BreakerState {
  let result = state;
  for (let i = 0; i < times; i += 1) result = afterAttempt(result, outcome, false, nowMs);
  return result;
}

describe('circuit breaker', () => {
  test('opens after ten failures in a row and not after nine', () => {
    expect(afterRow(CLOSED, refused, 9)).toEqual({ kind: 'closed', failures: 9 });
    expect(afterRow(CLOSED, refused, 10, 500)).toEqual({ kind: 'open', untilMs: 1_500, forMs: 1_000 });
    expect(afterRow(CLOSED, busy, 10).kind).toBe('open');
  });

  test('a delivery, or a refusal of one callback alone, ends the row', () => {
    expect(afterAttempt(afterRow(CLOSED, refused, 9), delivered, false, 0)).toEqual(CLOSED);
    expect(afterAttempt(afterRow(CLOSED, refused, 9), notFound, false, 0)).toEqual(CLOSED);
    expect(afterRow(CLOSED, notFound, 1_000)).toEqual(CLOSED);
  });

  test('lets nothing start while open, one probe after that, and nothing beside the probe', () => {
    const open = afterRow(CLOSED, refused, 10, 0);
    expect(admit(open, 999)).toEqual({ kind: 'wait', untilMs: 1_000 });
    const ruling = admit(open, 1_000);
    expect(ruling).toEqual({ kind: 'probe', state: { kind: 'probing', forMs: 1_000 } });
    expect(admit({ kind: 'probing', forMs: 1_000 }, 1_001)).toEqual({ kind: 'wait', untilMs: 2_001 });
  });

  test('a probe that delivers closes it, one that fails opens it for twice as long, up to a minute', () => {
    let state: BreakerState = { kind: 'probing', forMs: 1_000 };
    expect(afterAttempt(state, delivered, true, 0)).toEqual(CLOSED);
    const lengths: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const opened = afterAttempt(state, refused, true, 0);
      if (opened.kind !== 'open') throw new Error('must be open');
      lengths.push(opened.forMs);
      state = { kind: 'probing', forMs: opened.forMs };
    }
    expect(lengths).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('what was under way when it opened does not open it again, but a delivery closes it', () => {
    const open = afterRow(CLOSED, refused, 10, 0);
    expect(afterAttempt(open, refused, false, 900)).toBe(open);
    expect(afterAttempt(open, delivered, false, 900)).toEqual(CLOSED);
  });

  test('stays open for as long as the receiver asked, up to a minute', () => {
    const state: BreakerState = { kind: 'closed', failures: 9 };
    const asked = (retryAfterMs: number) => afterAttempt(state, { ...busy, retryAfterMs }, false, 0);
    expect(asked(20_000)).toMatchObject({ untilMs: 20_000 });
    expect(asked(3_600_000)).toMatchObject({ untilMs: 60_000 });
  });
});
