import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { issuesOf } from '../testing/issues-of.ts';
import { attempt, summary, timer } from '../testing/sample-timer.ts';
import { type CallbackConfig, callbackConfigSchema } from './callback.ts';
import { attemptSchema, timerSchema, timerSummarySchema } from './timer.ts';
import { timerCallbackSchema } from './timer-callback.ts';

test('timerSummarySchema has the fields of the first service, callback_type instead of the URL, and what lists show', () => {
  expect(timerSummarySchema.parse(summary)).toEqual(summary);
  const required = z.toJSONSchema(timerSummarySchema, { io: 'input', unrepresentable: 'any' });
  expect(Object.values(required.$defs ?? {})[0]?.required ?? required.required).toEqual([
    'id',
    'created_at',
    'execute_at',
    'callback_type',
    'status',
    'executed_at',
    'due_at',
    'destination',
    'attempts',
    'last_error',
    'key',
    'paused',
  ]);
});

test.each(['00000000-0000-0000-0000-000000000000', '11111111-1111-1111-1111-111111111111'])(
  'timerSummarySchema accepts the id %s of a row inserted by hand',
  (id) => {
    expect(timerSummarySchema.parse({ ...summary, id }).id).toBe(id);
  },
);

describe('timerSchema', () => {
  test.each<[string, object]>([
    ['a pending timer', {}],
    ['a timer with a NATS callback', { callback: { type: 'nats', topic: 'a', key: null, jetstream: true } }],
    [
      'a timer with the headers of an old row and an unknown field',
      { callback: { type: 'http', url: 'http://a b', headers: ['x'], callback_method: 'POST' } },
    ],
    ['a timer without metadata', { metadata: null }],
    ['a timer that is never due', { execute_at: 'infinity', due_at: 'infinity', expires_at: '-infinity' }],
    [
      'a timer with a retry policy',
      { retry: { max_attempts: 3, delays: ['1s'] }, expires_at: '2031-01-01T00:00:00.000Z' },
    ],
    [
      'a failed timer',
      {
        status: 'failed',
        executed_at: '2030-01-31T09:00:05.000Z',
        attempted_at: '2030-01-31T09:00:00.003Z',
        last_error: 'HTTP 503',
        attempts: 8,
        lateness_ms: 3.25,
      },
    ],
  ])('accepts %s', (_, fields) => {
    expect(timerSchema.parse({ ...timer, ...fields })).toEqual({ ...timer, ...fields });
  });

  test.each<[object, string]>([
    [
      { status: 'cancelled' },
      'status: Invalid option: expected one of "pending"|"executing"|"completed"|"failed"|"canceled"',
    ],
    [{ due_at: '2030-01-31T09:00:00+01:00' }, 'due_at: Invalid ISO datetime'],
    [{ created_at: new Date(0) }, 'created_at: must be an RFC 3339 instant in UTC, infinity or -infinity'],
    [{ attempts: null }, 'attempts: Invalid input: expected number, received null'],
    [{ id: '42' }, 'id: Invalid GUID'],
    [{ callback: { type: 'fax' } }, "callback.type: Invalid discriminator value. Expected 'http' | 'nats'"],
    [{ callback: undefined }, 'callback: Invalid input: expected object, received undefined'],
  ])('rejects %j', (fields, issue) => {
    expect(issuesOf(timerSchema, { ...timer, ...fields })).toEqual([issue]);
  });
});

test('the callback of a response can be sent again as it is', () => {
  const { callback } = timerSchema.parse(timer);
  const request: CallbackConfig = { ...callback };
  expect(callbackConfigSchema.parse(request)).toEqual(timer.callback);
});

test('a row without a URL or topic, which SQL can write, is read with an empty one', () => {
  expect(timerCallbackSchema.parse({ type: 'http' })).toEqual({ type: 'http', url: '' });
  expect(timerCallbackSchema.parse({ type: 'nats', topic: 5 })).toEqual({ type: 'nats', topic: '' });
});

test('attemptSchema accepts an attempt and rejects an unknown outcome', () => {
  expect(attemptSchema.parse(attempt)).toEqual(attempt);
  expect(issuesOf(attemptSchema, { ...attempt, number: 0, outcome: 'retried' })).toEqual([
    'number: Too small: expected number to be >0',
    'outcome: Invalid option: expected one of "delivered"|"failed"',
  ]);
});
