import { describe, expect, test } from '@jest/globals';
import type { ClaimedRow } from '@timer-platform/database';
import { type ClaimedTimer, type ReadContext, readTimer } from './claimed-timer.ts';
import { createCallbackReader } from './stored-callback.ts';
import { claimedRow, validLease } from './testing/claimed-timer.ts';

const lease = validLease();

function read(row: Partial<ClaimedRow>, more: Partial<ReadContext> = {}) {
  return readTimer(claimedRow(row), {
    lease,
    readCallback: createCallbackReader(
      (_, config) => ({ ok: true, config }),
      (callback) => ({ name: callback.type, endpoint: callback.type, route: 'route' }),
    ),
    nowMs: 5_000,
    ...more,
  });
}

function readable(row: Partial<ClaimedRow>, more: Partial<ReadContext> = {}): ClaimedTimer {
  const result = read(row, more);
  if (result.kind === 'unreadable') throw new Error(result.reason);
  return result.timer;
}

describe('readTimer', () => {
  test('parses a row', () => {
    const row = { dueMs: 700, bytes: 42, retry: { max_attempts: 3 }, payload: '{"n":1}' };
    expect(readable(row)).toEqual({
      id: 'timer',
      batchId: 'batch',
      fencingToken: 1,
      range: 'recent',
      lease,
      dueMs: 700,
      dueSinceMs: 700,
      expiresAtMs: null,
      attempts: 0,
      attemptNumber: 1,
      callback: { type: 'http', url: 'http://receiver.test/', headers: {} },
      destination: { name: 'http', endpoint: 'http', route: 'route' },
      payload: '{"n":1}',
      bytes: 42,
      retryFromMs: 700,
      retry: { max_attempts: 3 },
      messageId: 'timer',
    });
  });

  test('a timer that was always due was first due when it is due', () => {
    expect(readable({ dueMs: -Infinity, dueSinceMs: -Infinity })).toMatchObject({
      dueMs: 5_000,
      dueSinceMs: 5_000,
    });
    expect(readable({ dueMs: 700, dueSinceMs: -Infinity })).toMatchObject({ dueMs: 700, dueSinceMs: 700 });
  });

  test('a timer keeps the instants that differ from that at which it is due', () => {
    const row = { dueMs: 700, dueSinceMs: 300, retryFromMs: 200 };
    expect(readable(row)).toMatchObject(row);
  });

  test.each([Infinity, -Infinity])('a timer with the due instant %d is due now', (dueMs) => {
    expect(readable({ dueMs }).dueMs).toBe(5_000);
  });

  test.each([
    [0, 'timer'],
    [1, 'timer-1'],
    [12, 'timer-12'],
  ])('revision %d has the message id %s', (revision, messageId) => {
    expect(readable({ revision }).messageId).toBe(messageId);
  });

  test('a callback that cannot be read makes it unreadable', () => {
    const unreadable = { kind: 'unreadable', reason: 'no key' } as const;
    expect(read({}, { readCallback: () => unreadable })).toEqual(unreadable);
  });

  test.each<[string, Partial<ClaimedRow>, string]>([
    ['a retry policy that is no object', { retry: 3 }, 'retry cannot be parsed: '],
    ['a malformed retry policy', { retry: { delays: ['1s', 'soon'] } }, 'retry cannot be parsed: delays 1 '],
    ['an unknown field of the retry policy', { retry: { attempts: 3 } }, 'retry cannot be parsed: '],
  ])('%s makes it unreadable', (_, row, start) => {
    const result = read(row);
    expect(result.kind === 'unreadable' && result.reason).toMatch(new RegExp(`^${start}.`));
  });
});
