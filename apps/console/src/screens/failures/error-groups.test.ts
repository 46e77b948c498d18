import { describe, expect, test } from '@jest/globals';
import type { TimerSummary } from '@timer-platform/callback-types';
import fc from 'fast-check';
import { fragmentOf, groupErrors, groupFilter, normalizeError } from './error-groups.ts';

test.each([
  ['HTTP 503 Service Unavailable', 'HTTP 503 Service Unavailable'],
  ['HTTP 5031', 'HTTP ‹n›'],
  ['no response within 30000 ms', 'no response within ‹n› ms'],
  ['order 42 of 2026-11-26 is unknown', 'order ‹n› of ‹n›-‹n›-‹n› is unknown'],
  ['connect 10.0.0.1:8080', 'connect ‹n›'],
  ['stream 019AB3C4-6e0f-7c11-9a51-0b2d5f5f3c5e', 'stream ‹id›'],
  ['trace 4bf92f3577b34da6', 'trace ‹id›'],
  ['connection refused', 'connection refused'],
  ['deadbeef is a word', 'deadbeef is a word'],
])('%j is normalized to %j', (error, normalized) => {
  expect(normalizeError(error)).toBe(normalized);
});

test.each([
  ['no response within ‹n› ms', 'no response within '],
  ['‹n›: ‹id›', null],
  ['ab', null],
  ['HTTP 503', 'HTTP 503'],
  ['é'.repeat(300), 'é'.repeat(200)],
])('of %j a filter searches for %j', (normalized, fragment) => {
  expect(fragmentOf(normalized)).toBe(fragment);
});

test('what a filter searches for is part of the error, whatever the error is', () => {
  const error = fc
    .array(fc.oneof(fc.string({ unit: 'binary' }), fc.nat().map(String), fc.uuid()))
    .map((parts) => parts.join(' '));
  fc.assert(
    fc.property(error, (text) => {
      fc.pre(!/[‹›]/.test(text));
      const fragment = fragmentOf(normalizeError(text));
      expect(fragment === null || text.includes(fragment)).toBe(true);
      expect(fragment?.isWellFormed() ?? true).toBe(
        text.isWellFormed() || fragment === null || fragment.isWellFormed(),
      );
    }),
  );
});

const failed = (minute: number, error: string | null, destination = 'https://a') =>
  ({
    id: String(minute),
    destination,
    last_error: error,
    executed_at: new Date(minute * 60_000).toISOString(),
  }) as TimerSummary;

describe('failed timers', () => {
  const groups = groupErrors([
    failed(3, 'order 3 is unknown'),
    failed(9, 'HTTP 503', 'https://b'),
    failed(5, 'order 5 is unknown'),
    failed(1, 'order 1 is unknown'),
    failed(4, 'order 1 is unknown', 'https://b'),
    failed(2, null),
  ]);

  test('are grouped by destination and error, the latest failure first', () => {
    expect(groups.map(({ destination, error, count }) => [destination, error, count])).toEqual([
      ['https://b', 'HTTP 503', 1],
      ['https://a', 'order ‹n› is unknown', 3],
      ['https://b', 'order ‹n› is unknown', 1],
      ['https://a', 'no error is recorded', 1],
    ]);
    expect(groups[1]).toMatchObject({
      firstAt: '1970-01-01T00:01:00.000Z',
      lastAt: '1970-01-01T00:05:00.000Z',
      latest: { id: '5' },
    });
  });

  test('are retried by destination, text and time', () => {
    expect(groups.slice(1).map(groupFilter)).toEqual([
      { destination: 'https://a', last_error: ' is unknown', failed_from: '1970-01-01T00:01:00.000Z' },
      { destination: 'https://b', last_error: ' is unknown', failed_from: '1970-01-01T00:04:00.000Z' },
      { destination: 'https://a', failed_from: '1970-01-01T00:02:00.000Z' },
    ]);
  });
});
