import { expect, test } from '@jest/globals';
import type { LargeTableResult } from './large-table.ts';
import { findLargeTableViolations, formatLargeTable } from './large-table-report.ts';

const MIB = 1024 ** 2;
const client = {
  operations: 100,
  failures: 0,
  firstFailure: undefined,
  longestWaitMs: 249,
  longestWaitEndedAt: 1,
};
const result: LargeTableResult = {
  fillMs: 1_000,
  steps: [{ step: 'backfill', ms: 2_000, walBytes: 3 * MIB, longestLagBytes: 90 * MIB }],
  contractMs: 10,
  clientsBefore: { reader: client, updater: client, inserter: client },
  clients: { reader: client, updater: client, inserter: client },
  longestWaitIn: { reader: undefined, updater: 'backfill', inserter: 'backfill' },
  walBytes: 4 * MIB,
  writtenBytes: 5 * MIB,
  sizeBefore: 6 * MIB,
  sizeAfter: 7 * MIB,
  changedTimestamps: 0,
  callbacksKept: true,
};
const options = { rows: 10, replica: { delayMs: 2_000, maxLagMib: 64 }, log: () => undefined };

test('a migration within its limits violates nothing', () => {
  expect(findLargeTableViolations(result, options)).toEqual([]);
  expect(formatLargeTable(result)).toMatch(/^backfill +2\.0 +3 +90$/m);
});

test.each<[Partial<LargeTableResult>, string]>([
  [
    { clients: { ...result.clients, updater: { ...client, longestWaitMs: 250 } } },
    'the updater waited 250 ms',
  ],
  [
    { clients: { ...result.clients, reader: { ...client, failures: 2, firstFailure: 'no' } } },
    '2 operations of the reader failed: no',
  ],
  [
    { steps: [{ step: 'backfill', ms: 1, walBytes: 1, longestLagBytes: 97 * MIB }] },
    'the replica was 97 MiB behind, with a limit of 64 MiB',
  ],
  [{ steps: [] }, 'the replica was NaN MiB behind, with a limit of 64 MiB'],
  [{ changedTimestamps: 1 }, 'updated_at changed on 1 rows that no client wrote'],
  [{ callbacksKept: false }, 'callbacks were lost or changed'],
])('reports %j', (change, violation) => {
  expect(findLargeTableViolations({ ...result, ...change }, options)).toEqual([violation]);
});

test('the lag of a replica counts only with a replica', () => {
  expect(findLargeTableViolations({ ...result, steps: [] }, { ...options, replica: undefined })).toEqual([]);
});
