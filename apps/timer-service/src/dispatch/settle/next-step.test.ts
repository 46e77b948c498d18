import { describe, expect, test } from '@jest/globals';
import { delivered, permanent, retryable } from '../../transports/outcome.ts';
import type { Outcome } from '../../transports/transport.ts';
import { type FinishedAttempt, MAX_RETRY_AFTER_MS, type NextStep, nextStep } from './next-step.ts';

const NOW = 1_000_000;

const FAILED = retryable('HTTP 503', { statusCode: 503 });

function finished(outcome: Outcome, more: Partial<FinishedAttempt> = {}): FinishedAttempt {
  if (outcome.kind === 'withdrawn') throw new Error('an attempt that does not count has no next step');
  return {
    outcome,
    attemptsBefore: 0,
    retry: null,
    retryFromMs: NOW - 100,
    expiresAtMs: null,
    nowMs: NOW,
    random: 0,
    ...more,
  };
}

type Details = Partial<FinishedAttempt>;

describe('nextStep', () => {
  const error = 'HTTP 503';
  const retryAt = (delayMs: number): NextStep => ({ kind: 'retry', atMs: NOW + delayMs, error });
  const tooLate = 'the next attempt would be later than give_up_after allows';

  test('a delivery completes the timer', () => {
    expect(nextStep(finished(delivered(200)))).toEqual({ kind: 'complete' });
  });

  test('a permanent outcome fails the timer at once, whatever attempts are left', () => {
    expect(nextStep(finished(permanent('HTTP 410', 410)))).toEqual({ kind: 'fail', error: 'HTTP 410' });
  });

  test.each<[string, Details, number]>([
    ['the first retry follows the default schedule', {}, 5_000],
    ['the second retry waits longer', { attemptsBefore: 1 }, 30_000],
    ['jitter adds up to 20 %', { random: 0.5 }, 5_500],
    [
      'the last delay repeats',
      { retry: { delays: ['1s', '2s'], max_attempts: 9 }, attemptsBefore: 6 },
      2_000,
    ],
    [
      'exponential delays grow by their factor',
      { retry: { exponential: { initial: '1s', factor: 3, max: '1m' } }, attemptsBefore: 2 },
      9_000,
    ],
    [
      'give_up_after counts from when attempts began to count',
      { retry: { give_up_after: '5s' }, retryFromMs: NOW },
      5_000,
    ],
    ['a retry may be due exactly at expires_at', { expiresAtMs: NOW + 5_000 }, 5_000],
  ])('%s', (_, details, delayMs) => {
    expect(nextStep(finished(FAILED, details))).toEqual(retryAt(delayMs));
  });

  test.each<[string, number, number]>([
    ['applies if it is longer than the delay', 90_000, 90_000],
    ['does not shorten the delay', 1, 5_000],
    ['is limited', 10 * MAX_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS],
  ])('Retry-After %s', (_, retryAfterMs, delayMs) => {
    expect(nextStep(finished(retryable(error, { retryAfterMs })))).toEqual(retryAt(delayMs));
  });

  test.each<[string, Details, string]>([
    ['the tenth failed attempt of the default policy', { attemptsBefore: 9 }, 'gave up after 10 attempts'],
    [
      'one attempt more than the policy has delays',
      { retry: { delays: ['1s', '2s'] }, attemptsBefore: 2 },
      'gave up after 3 attempts',
    ],
    ['a retry after give_up_after', { retry: { give_up_after: '5s' }, retryFromMs: NOW - 1 }, tooLate],
    ['a retry after expires_at', { expiresAtMs: NOW + 4_999 }, 'the next attempt would be after expires_at'],
  ])('%s fails the timer', (_, details, suffix) => {
    expect(nextStep(finished(FAILED, details))).toEqual({ kind: 'fail', error: `${error} (${suffix})` });
  });

  test('a Retry-After beyond give_up_after fails the timer', () => {
    const busy = retryable(error, { retryAfterMs: 60_000 });
    const step = nextStep(finished(busy, { retry: { give_up_after: '30s' }, retryFromMs: NOW }));
    expect(step).toEqual({ kind: 'fail', error: `${error} (${tooLate})` });
  });

  test('the error of a single allowed attempt counts no attempts', () => {
    expect(nextStep(finished(FAILED, { retry: { max_attempts: 1 } }))).toEqual({ kind: 'fail', error });
  });
});
