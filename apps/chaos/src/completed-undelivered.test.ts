import { expect, test } from '@jest/globals';
import { completedUndelivered } from './completed-undelivered.ts';
import type { LedgerEntry } from './ledger.ts';

const COMPLETED_MS = 1_000_000;

function entry(arrivedMs?: number, taken = true): LedgerEntry {
  const arrivals = arrivedMs === undefined ? [] : [{ version: 1, messageId: 'a', arrivedMs, taken }];
  return { id: 'a', type: 'http', versions: [], canceledMs: undefined, arrivals };
}

test.each([
  ['nothing arrived', entry(), ['a']],
  ['it arrived before', entry(COMPLETED_MS - 5), []],
  ['it arrived, and was not taken', entry(COMPLETED_MS - 5, false), ['a']],
  ['it arrived long after, by another attempt', entry(COMPLETED_MS + 30_000), ['a']],
])('a completed timer: %s', (_, one, expected) => {
  expect(completedUndelivered([one], new Map([['a', COMPLETED_MS]]))).toEqual(expected);
});

test('a timer that is not completed may have arrived or not', () => {
  expect(completedUndelivered([entry()], new Map([['b', COMPLETED_MS]]))).toEqual([]);
});
