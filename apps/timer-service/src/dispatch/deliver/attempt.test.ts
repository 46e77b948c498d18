import { describe, expect, test } from '@jest/globals';
import { delivered, retryable } from '../../transports/outcome.ts';
import type { Outcome } from '../../transports/transport.ts';
import { claimedTimer } from '../testing/claimed-timer.ts';
import { Attempt, type StartedAttempt } from './attempt.ts';
import { DestinationLimiter } from './destination-limiter.ts';

function createAttempt(mayStart = true) {
  const timer = claimedTimer({ id: 'a', payload: '{"n":1}' }, { messageId: 'a-2' });
  const limits = { maxInFlight: 1, maxInFlightPerDestination: 1, maxWaiting: 0, maxBytes: 1_000 };
  const admission = new DestinationLimiter<typeof timer>(limits).admit(timer, 0);
  if (admission.kind !== 'start') throw new Error(admission.kind);
  const ended: { attempt: StartedAttempt; outcome: Outcome }[] = [];
  const owner = {
    mayStart: (checked: typeof timer) => mayStart && checked === timer,
    attemptEnded: (attempt: StartedAttempt, outcome: Outcome) => ended.push({ attempt, outcome }),
  };
  const callback = { type: 'http' as const, url: 'http://receiver.test/', headers: {} };
  const attempt = new Attempt<'http'>(owner, timer, admission.slot, callback, {
    databaseMs: 9_000,
    monotonicMs: 7,
  });
  return { attempt, timer, callback, slot: admission.slot, ended };
}

describe('Attempt', () => {
  test('gives the transport what it delivers', () => {
    const { attempt, callback } = createAttempt();
    expect(attempt).toMatchObject({ messageId: 'a-2', payload: '{"n":1}', startedMs: 9_000 });
    expect(attempt.callback).toBe(callback);
  });

  test.each([true, false])('its owner decides whether it may start (%s)', (mayStart) => {
    expect(createAttempt(mayStart).attempt.mayStart()).toBe(mayStart);
  });

  test('reports its end once, with its timer and its slot', () => {
    const { attempt, timer, slot, ended } = createAttempt();
    attempt.ended(delivered(200));
    attempt.ended(retryable('connection reset'));
    expect(ended).toEqual([{ attempt, outcome: delivered(200) }]);
    expect(ended[0]?.attempt).toMatchObject({ startedMs: 9_000, startedMonotonicMs: 7 });
    expect(ended[0]?.attempt.timer).toBe(timer);
    expect(ended[0]?.attempt.slot).toBe(slot);
  });
});
