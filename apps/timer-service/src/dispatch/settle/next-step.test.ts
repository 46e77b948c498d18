import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../transports/transport.ts';
import { type FinishedAttempt, MAX_RETRY_AFTER_MS, nextStep } from './next-step.ts';

const NOW = 1_000_000;

function retryable(more: Partial<Extract<Outcome, { kind: 'retryable' }>> = {}): Outcome {
  return {
    kind: 'retryable',
    reason: 'HTTP 503',
    statusCode: 503,
    retryAfterMs: null,
    unreachable: false,
    ...more,
  };
}

function finished(more: Partial<FinishedAttempt>): FinishedAttempt {
  return {
    outcome: retryable(),
    attemptsBefore: 0,
    retry: null,
    executeAtMs: NOW - 100,
    expiresAtMs: null,
    nowMs: NOW,
    random: 0,
    ...more,
  };
}

describe('nextStep', () => {
  const cases: [string, Partial<FinishedAttempt>, ReturnType<typeof nextStep>][] = [
    [
      'delivered completes the timer',
      { outcome: { kind: 'delivered', statusCode: 200 } },
      { kind: 'complete' },
    ],
    [
      'a permanent outcome fails at once, no matter how many attempts are left',
      { outcome: { kind: 'permanent', reason: 'HTTP 410', statusCode: 410 } },
      { kind: 'fail', error: 'HTTP 410' },
    ],
    [
      'the first retry follows the default schedule',
      {},
      { kind: 'retry', atMs: NOW + 5_000, error: 'HTTP 503' },
    ],
    [
      'the second retry waits longer',
      { attemptsBefore: 1 },
      { kind: 'retry', atMs: NOW + 30_000, error: 'HTTP 503' },
    ],
    ['jitter adds up to 20 %', { random: 0.5 }, { kind: 'retry', atMs: NOW + 5_500, error: 'HTTP 503' }],
    [
      'the tenth failed attempt of the default policy fails the timer',
      { attemptsBefore: 9 },
      { kind: 'fail', error: 'HTTP 503 (gave up after 10 attempts)' },
    ],
    [
      'max_attempts 1 allows a single attempt',
      { retry: { max_attempts: 1 } },
      { kind: 'fail', error: 'HTTP 503' },
    ],
    [
      'without max_attempts there is one attempt more than delays',
      { retry: { delays: ['1s', '2s'] }, attemptsBefore: 2 },
      { kind: 'fail', error: 'HTTP 503 (gave up after 3 attempts)' },
    ],
    [
      'the last delay repeats',
      { retry: { delays: ['1s', '2s'], max_attempts: 9 }, attemptsBefore: 6 },
      { kind: 'retry', atMs: NOW + 2_000, error: 'HTTP 503' },
    ],
    [
      'exponential delays grow by their factor',
      { retry: { exponential: { initial: '1s', factor: 3, max: '1m' } }, attemptsBefore: 2 },
      { kind: 'retry', atMs: NOW + 9_000, error: 'HTTP 503' },
    ],
    [
      'exponential delays grow up to their maximum',
      {
        retry: { exponential: { initial: '1s', factor: 3, max: '1m' }, max_attempts: 100 },
        attemptsBefore: 90,
      },
      { kind: 'retry', atMs: NOW + 60_000, error: 'HTTP 503' },
    ],
    [
      'Retry-After applies if it is longer than the delay',
      { outcome: retryable({ retryAfterMs: 90_000 }) },
      { kind: 'retry', atMs: NOW + 90_000, error: 'HTTP 503' },
    ],
    [
      'Retry-After does not shorten the delay',
      { outcome: retryable({ retryAfterMs: 1 }) },
      { kind: 'retry', atMs: NOW + 5_000, error: 'HTTP 503' },
    ],
    [
      'Retry-After is limited',
      { outcome: retryable({ retryAfterMs: 10 * MAX_RETRY_AFTER_MS }) },
      { kind: 'retry', atMs: NOW + MAX_RETRY_AFTER_MS, error: 'HTTP 503' },
    ],
    [
      'no retry after give_up_after',
      { retry: { give_up_after: '5s' } },
      { kind: 'fail', error: 'HTTP 503 (the next attempt would be later than give_up_after allows)' },
    ],
    [
      'no retry after expires_at',
      { expiresAtMs: NOW + 4_999 },
      { kind: 'fail', error: 'HTTP 503 (the next attempt would be after expires_at)' },
    ],
  ];

  test.each(cases)('%s', (_, attempt, step) => {
    expect(nextStep(finished(attempt))).toEqual(step);
  });
});
