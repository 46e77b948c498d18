import { describe, expect, test } from '@jest/globals';
import { withdrawn } from '../../transports/outcome.ts';
import type { Outcome, WithdrawalCause } from '../../transports/transport.ts';
import { stepAfterWithdrawal, type WithdrawalStep } from './withdrawal.ts';

const HOUR_MS = 3_600_000;

function withdrawnBy(cause: WithdrawalCause): Extract<Outcome, { kind: 'withdrawn' }> {
  const outcome = withdrawn(cause, 'the reason');
  if (outcome.kind !== 'withdrawn') throw new Error(outcome.kind);
  return outcome;
}

describe('stepAfterWithdrawal', () => {
  const released = (delayMs: number, reason: string | null): WithdrawalStep => ({
    kind: 'release',
    delayMs,
    reason,
  });

  test.each<[string, WithdrawalCause, number, WithdrawalStep]>([
    ['a refused attempt is released at once', 'refused', 0, released(0, null)],
    ['an aborted attempt is released at once', 'stopping', 0, released(0, null)],
    ['a shortage delays the timer by a second', 'shortage', HOUR_MS, released(1_000, 'the reason')],
    ['an undeliverable timer is delayed by a second', 'undeliverable', 0, released(1_000, 'the reason')],
    ['then by as long as it has been due', 'undeliverable', 60_000, released(60_000, 'the reason')],
    ['but by no more than an hour', 'undeliverable', 5 * HOUR_MS, released(HOUR_MS, 'the reason')],
    ['and not by less than a second', 'undeliverable', -250, released(1_000, 'the reason')],
    ['up to a day', 'undeliverable', 24 * HOUR_MS - 1, released(HOUR_MS, 'the reason')],
    ['and fails after a day', 'undeliverable', 24 * HOUR_MS, { kind: 'fail', error: 'the reason' }],
  ])('%s', (_, cause, ageMs, step) => {
    expect(stepAfterWithdrawal(withdrawnBy(cause), undefined, ageMs)).toEqual(step);
  });

  test.each<WithdrawalCause>(['refused', 'stopping', 'shortage', 'undeliverable'])(
    'a timer that is too late fails, also if its attempt was withdrawn as %s',
    (cause) => {
      const step = stepAfterWithdrawal(withdrawnBy(cause), { error: 'expired' }, 0);
      expect(step).toEqual({ kind: 'fail', error: 'expired' });
    },
  );

  test('without a valid lease the timer is released: others may have rescued it', () => {
    expect(stepAfterWithdrawal(withdrawnBy('refused'), 'lease-invalid', 0)).toEqual(released(0, null));
  });
});
