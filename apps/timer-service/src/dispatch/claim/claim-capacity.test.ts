import { describe, expect, test } from '@jest/globals';
import type { ClaimedRow } from '@timer-platform/database';
import { HeldTimers } from '../held-timers.ts';
import { claimedRow } from '../testing/claimed-timer.ts';
import { claimCapacity, type UnwrittenResults } from './claim-capacity.ts';

const MIB = 1_024 * 1_024;

function heldTimers(counts: Partial<Record<ClaimedRow['range'], number>>, bytes = 0): HeldTimers {
  const held = new HeldTimers();
  for (const range of ['recent', 'backlog', 'suspect'] as const)
    for (let n = 0; n < (counts[range] ?? 0); n += 1) held.claimed(claimedRow({ range, bytes: 0 }));
  const row = claimedRow({ bytes });
  held.claimed(row);
  held.started(row);
  return held;
}

function unwritten(size: number, pendingOfBacklog = 0): UnwrittenResults {
  return { size, pendingOfBacklog };
}

describe('claimCapacity', () => {
  test('an idle process can claim 2,500 recent timers, 1,500 of the backlog and one suspect', () => {
    expect(claimCapacity(heldTimers({}), unwritten(0))).toMatchObject({
      recent: 2_500,
      backlog: 1_500,
      suspects: true,
    });
  });

  test('recent timers and backlog take nothing from each other', () => {
    const recentOnly = claimCapacity(heldTimers({ recent: 5_000 }), unwritten(0));
    expect(recentOnly).toMatchObject({ recent: 0, backlog: 1_500, suspects: true });
    const backlogOnly = claimCapacity(heldTimers({ backlog: 1_500 }), unwritten(0));
    expect(backlogOnly).toMatchObject({ recent: 2_500, backlog: 0, suspects: true });
    expect(claimCapacity(heldTimers({ recent: 100, backlog: 10, suspect: 1 }), unwritten(0))).toMatchObject({
      recent: 2_400,
      backlog: 1_490,
      suspects: false,
    });
  });

  test('a backlog waits for its own results, not for those of recent timers', () => {
    const capacityWith = (results: UnwrittenResults) =>
      claimCapacity(heldTimers({ backlog: 300, recent: 100 }), results);
    expect(capacityWith(unwritten(10_000, 1_000))).toMatchObject({ recent: 2_400, backlog: 1_200 });
    expect(capacityWith(unwritten(1_500, 1_500))).toMatchObject({ recent: 2_400, backlog: 700 });
    expect(capacityWith(unwritten(3_000, 3_000))).toMatchObject({ recent: 2_400, backlog: 0 });
  });

  test('nothing is claimed while the database does not keep up with settles', () => {
    expect(claimCapacity(heldTimers({}), unwritten(10_000))).toMatchObject({
      recent: 2_500,
      backlog: 1_500,
      suspects: true,
    });
    expect(claimCapacity(heldTimers({}), unwritten(10_001))).toMatchObject({
      recent: 0,
      backlog: 0,
      suspects: false,
    });
  });

  test.each([
    [0, 8, false],
    [8, 8, false],
    [16, 4, false],
    [23, 0.5, false],
    [24, 0.25, false],
    [25, 0.25, true],
    [500, 0.25, true],
  ])('with %d MiB held, a claim takes up to %d MiB of each range (scarce: %s)', (held, bytes, isScarce) => {
    expect(claimCapacity(heldTimers({}, held * MIB), unwritten(0))).toMatchObject({
      bytes: bytes * MIB,
      isScarce,
    });
  });

  test('scarce memory does not stop claims', () => {
    expect(claimCapacity(heldTimers({}, 500 * MIB), unwritten(0))).toMatchObject({
      recent: 2_500,
      backlog: 1_500,
    });
  });
});
