import { describe, expect, test } from '@jest/globals';
import { findCompletedUndelivered } from './completed-undelivered.ts';
import type { LoggedTimer } from './delivery-log.ts';

const COMPLETED_MS = 1_000_000;

function timer(arrivedMs?: number, acknowledged = true): LoggedTimer {
  const arrival = { version: 1, messageId: 'a', attempt: 1, acknowledged };
  const arrivals = arrivedMs === undefined ? [] : [{ ...arrival, arrivedMs }];
  return { id: 'a', type: 'http', versions: [], canceledMs: undefined, arrivals };
}

describe('findCompletedUndelivered', () => {
  test.each([
    ['returns a completed timer without arrivals', timer(), ['a']],
    ['omits a timer that arrived before it was completed', timer(COMPLETED_MS - 5), []],
    ['returns a timer whose arrival was not acknowledged', timer(COMPLETED_MS - 5, false), ['a']],
    ['returns a timer that arrived long after it was completed', timer(COMPLETED_MS + 30_000), ['a']],
  ])('%s', (_, logged, expected) => {
    expect(findCompletedUndelivered([logged], new Map([['a', COMPLETED_MS]]))).toEqual(expected);
  });

  test('omits a timer that is not completed', () => {
    expect(findCompletedUndelivered([timer()], new Map([['b', COMPLETED_MS]]))).toEqual([]);
  });
});
