import { describe, expect, test } from '@jest/globals';
import {
  type CreateTimerRequest,
  createTimerRequestSchema,
  type Timer,
} from '@timer-platform/callback-types';
import fc from 'fast-check';
import { callback, instant, json, optional, retry, withoutUndefined } from './testing/arbitrary-requests.ts';
import { emptyTimer, formOfTimer, timerRequestOf } from './timer-form.ts';

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'];

const request: fc.Arbitrary<CreateTimerRequest> = fc
  .record({ execute_at: instant, callback, retry, expires_at: optional(instant), metadata: optional(json) })
  .filter(({ execute_at, expires_at }) => expires_at === undefined || expires_at > execute_at)
  .map(withoutUndefined);

/** The timer that the service would return. */
function stored({
  metadata = null,
  retry: policy = null,
  expires_at = null,
  ...rest
}: CreateTimerRequest): Timer {
  return { ...rest, metadata, retry: policy, expires_at } as unknown as Timer;
}

describe('the form of a timer', () => {
  test('asks for the same timer as the one that it was filled from, in every zone', () => {
    fc.assert(
      fc.property(request, fc.constantFrom(...ZONES), (original, zone) => {
        const { metadata, ...expected } = createTimerRequestSchema.parse(original);
        const { request: again, problems } = timerRequestOf(formOfTimer(stored(original), zone, 0));
        expect(problems).toEqual([]);
        expect(again).toEqual(metadata === null ? expected : withoutUndefined({ ...expected, metadata }));
        expect(createTimerRequestSchema.parse(again)).toEqual(again);
      }),
    );
  });

  test('leaves out instants that have passed, and the key', () => {
    const timer = stored({
      execute_at: '2030-01-01T00:00:00.000Z',
      expires_at: '2030-01-02T00:00:00.000Z',
      key: 'order-42',
      callback: { type: 'http', url: 'https://a.example/' },
    });
    expect(timerRequestOf(formOfTimer(timer, 'UTC', Date.UTC(2031, 0))).request).toEqual({
      delay: '15m',
      callback: { type: 'http', url: 'https://a.example/' },
    });
  });

  test('says at their paths what cannot be sent', () => {
    const form = emptyTimer('Europe/Berlin');
    const { problems } = timerRequestOf({
      ...form,
      when: 'instant',
      executeAt: { text: '2030-03-31T02:30', pass: 'first' },
      expiresAt: { text: 'soon', pass: 'first' },
      metadata: '{',
      retry: { ...form.retry, maxAttempts: 'many' },
      callback: {
        ...form.callback,
        url: 'https://a.example/?token=***',
        payload: '[12345678901234567890]',
        timeoutMs: '1s',
        headers: [
          { name: 'Authorization', value: '***' },
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
          { name: '', value: 'x' },
        ],
      },
    });
    expect(problems.map(({ path }) => path)).toEqual([
      'execute_at',
      'expires_at',
      'metadata',
      'callback.headers.Authorization',
      'callback.headers.a',
      'callback.headers',
      'callback.payload',
      'callback.url',
      'callback.timeout_ms',
      'retry.max_attempts',
    ]);
  });

  test('requires when', () => {
    const form = emptyTimer('UTC');
    expect(timerRequestOf({ ...form, delay: ' ' }).problems).toEqual([
      { path: 'delay', message: 'is required' },
    ]);
    expect(timerRequestOf({ ...form, when: 'instant' }).problems).toEqual([
      { path: 'execute_at', message: 'is required' },
    ]);
  });
});
