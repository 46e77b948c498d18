import { describe, expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import {
  cancelTimersRequestSchema,
  rescheduleTimersRequestSchema,
  retryTimersRequestSchema,
  runTimersRequestSchema,
} from './bulk-requests.ts';

const id = '0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d';
const filter = {
  callback_type: 'nats',
  destination: 'nats:orders.due',
  due_from: '2030-01-31T09:00:00Z',
  due_before: '2030-02-01T00:00:00Z',
  created_from: '2020-01-31T09:00:00Z',
  created_before: '2030-01-31T09:00:00Z',
  metadata: { team: 'billing', tags: ['a'] },
  last_error: '100% "no"',
  schedule: 'daily-report',
  key: 'order-42',
  ids: [id],
};
const NO_FILTER = ': must have a filter, or "all": true for every pending timer';

describe.each([
  ['cancel', cancelTimersRequestSchema],
  ['run', runTimersRequestSchema],
])('the request to %s many timers', (_, schema) => {
  test('accepts every field', () => {
    const request = { ...filter, limit: 10_000, dry_run: true, cursor: 'abc', action_id: id };
    expect(schema.parse(request)).toEqual(request);
  });

  test('defaults to 1,000 timers', () => {
    expect(schema.parse({ all: true })).toEqual({ all: true, limit: 1_000, dry_run: false });
  });

  test.each<[object, string[]]>([
    [{}, [NO_FILTER]],
    [{ limit: 5, dry_run: true }, [NO_FILTER]],
    [{ destination: undefined }, [NO_FILTER]],
    [{ all: false }, ['all: Invalid input: expected true']],
    [{ all: true, limit: 10_001 }, ['limit: Too big: expected number to be <=10000']],
    [{ ids: [] }, ['ids: Too small: expected array to have >=1 items']],
    [{ ids: ['1'] }, ['ids.0: must be a UUID']],
    [{ ids: Array.from({ length: 1_001 }, () => id) }, ['ids: Too big: expected array to have <=1000 items']],
    [{ metadata: [] }, ['metadata: must be a JSON object, such as {"team":"billing"}']],
    [{ metadata: '{"a":1}' }, ['metadata: must be a JSON object, such as {"team":"billing"}']],
    [
      { metadata: { a: 2 ** 53 } },
      ['metadata.a: is an integer beyond 2^53 and would lose digits: send it as a string'],
    ],
    [{ all: true, action_id: '1' }, ['action_id: must be a UUID']],
    [{ status: 'pending', all: true }, [': Unrecognized key: "status"']],
    [{ due_from: filter.due_from, due_before: filter.due_from }, ['due_before: must be after due_from']],
  ])('rejects %j', (request, issues) => {
    expect(issuesOf(schema, request)).toEqual(issues);
  });
});

describe('rescheduleTimersRequestSchema', () => {
  test.each<[object]>([
    [{ execute_at: '2030-01-31T09:00:00Z' }],
    [{ delay: '0s', spread: '10m' }],
    [{ shift: '2h' }],
    [{ shift: '-1d12h', spread: '1ms' }],
  ])('accepts every filter with %j', (time) => {
    const request = { ...filter, ...time, limit: 1, dry_run: false, cursor: 'abc', action_id: id };
    expect(rescheduleTimersRequestSchema.parse(request)).toEqual(request);
  });

  test.each<[object, string[]]>([
    [{}, [NO_FILTER, 'execute_at: is required unless delay or shift is set']],
    [{ all: true, spread: '1m' }, ['execute_at: is required unless delay or shift is set']],
    [
      { all: true, delay: '1m', shift: '1m', execute_at: '2030-01-31T09:00:00Z' },
      ['delay: cannot be combined with execute_at', 'shift: cannot be combined with execute_at'],
    ],
    [{ all: true, delay: '-1m' }, ['delay: must be a duration such as "250ms", "90s" or "1d12h"']],
    [{ all: true, shift: '+1m' }, ['shift: must be a duration such as "2h" or "-15m"']],
    [{ all: true, shift: '-' }, ['shift: must be a duration such as "2h" or "-15m"']],
    [{ all: true, shift: '-36526d' }, ['shift: must be at most 3155760000000 ms, got -3155846400000 ms']],
    [
      { all: true, delay: '1m', spread: '0s' },
      ['spread: must be between 1 ms and 3155760000000 ms, got 0 ms'],
    ],
  ])('rejects %j', (request, issues) => {
    expect(issuesOf(rescheduleTimersRequestSchema, request)).toEqual(issues);
  });
});

describe('retryTimersRequestSchema', () => {
  test('defaults to 1,000 timers of any kind', () => {
    expect(retryTimersRequestSchema.parse({})).toEqual({ limit: 1_000, dry_run: false });
  });

  test('accepts past instants and any error text', () => {
    const request = {
      callback_type: 'nats',
      failed_from: '1999-12-31T23:59:59+14:00',
      failed_before: '2026-11-22T20:00:00.5Z',
      last_error: '100% "no"',
      limit: 10_000,
      dry_run: true,
    };
    expect(retryTimersRequestSchema.parse(request)).toEqual(request);
  });

  test.each([
    { limit: 0 },
    { limit: 10_001 },
    { limit: '5' },
    { failed_from: 'yesterday' },
    { failed_before: '9999-12-31T23:59:59-01:00' },
    { last_error: '' },
    { last_error: '\u0000' },
    { last_error: '\ud800' },
    { last_error: 'a'.repeat(201) },
    { callback_type: 'smtp' },
    { dry_run: 1 },
    { status: 'failed' },
  ])('rejects %j', (request) => {
    const { error } = retryTimersRequestSchema.safeParse(request);
    expect(
      error?.issues.map(({ path, ...issue }) => path[0] ?? ('keys' in issue ? issue.keys[0] : '')),
    ).toEqual(Object.keys(request));
  });
});
