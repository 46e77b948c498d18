import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Lease } from '../lease/lease.ts';
import { claimedRow } from '../testing/claimed-timer.ts';
import { BatchKeeper, type BatchStatements } from './batch-keeper.ts';
import { LiveBatches } from './live-batches.ts';

const UNAVAILABLE = new Error('connection terminated');

/** Creates a keeper; `stored` are the batches that the database has of its lease. */
function createKeeper(more: Partial<BatchStatements> = {}) {
  const calls: string[] = [];
  const stored = new Set<string>();
  const released: number[] = [];
  const errors: unknown[] = [];
  const batches = new LiveBatches();
  const clock = { nowMs: 0, claimSinceMs: Number.POSITIVE_INFINITY };
  const leases = { current: new Lease() };
  const statements: BatchStatements = {
    finishBatches: (_, batchIds) => {
      calls.push(`finish ${batchIds.join()}`);
      for (const batchId of batchIds) stored.delete(batchId);
      return Promise.resolve();
    },
    shrinkBatches: (_, shrunk) => {
      calls.push(`shrink ${shrunk.map(({ batchId, claims }) => `${batchId} to ${claims.length}`).join()}`);
      return Promise.resolve();
    },
    listBatches: () => {
      calls.push('list');
      return Promise.resolve([...stored]);
    },
    releaseBatches: (_, batchIds) => {
      calls.push(`release ${batchIds.join()}`);
      for (const batchId of batchIds) stored.delete(batchId);
      return Promise.resolve(batchIds.length * 10);
    },
    ...more,
  };
  const keeper = new BatchKeeper({
    statements,
    batches,
    monotonicMs: () => clock.nowMs,
    lease: () => leases.current,
    claimUnderWaySinceMs: () => clock.claimSinceMs,
    onReleased: (timers) => released.push(timers),
    onError: (error) => errors.push(error),
  });
  const claim = (batchId: string, ids: readonly string[]) => {
    stored.add(batchId);
    batches.claimed(
      leases.current,
      ids.map((id) => claimedRow({ batchId, id })),
      clock.nowMs,
    );
  };
  /** One round of work at this instant; returns the statements. */
  const workAt = async (nowMs: number) => {
    clock.nowMs = nowMs;
    calls.length = 0;
    await keeper.work();
    return [...calls];
  };
  return { keeper, calls, stored, released, errors, batches, leases, clock, claim, workAt };
}

describe('finished and old batches', () => {
  test('finished batches are deleted in one statement', async () => {
    const { batches, claim, workAt } = createKeeper();
    claim('one', ['a']);
    claim('two', ['b']);
    expect(await workAt(100)).toEqual([]);
    batches.ended('one', 'a');
    batches.ended('two', 'b');
    expect(await workAt(200)).toEqual(['finish one,two']);
    expect(await workAt(400)).toEqual([]);
  });

  test('old batches are shrunk', async () => {
    const { batches, claim, workAt } = createKeeper();
    claim('one', ['a', 'b', 'c']);
    for (const id of ['a', 'b']) batches.ended('one', id);
    expect(await workAt(1_000)).toEqual(['shrink one to 1']);
  });

  test('what failed is finished in the next round', async () => {
    let available = false;
    const finished: string[] = [];
    const { batches, claim, workAt, errors } = createKeeper({
      finishBatches: (_, batchIds) => {
        if (!available) return Promise.reject(UNAVAILABLE);
        finished.push(...batchIds);
        return Promise.resolve();
      },
    });
    claim('one', ['a']);
    batches.ended('one', 'a');
    await workAt(200);
    expect(errors).toEqual([UNAVAILABLE]);
    available = true;
    await workAt(400);
    expect(finished).toEqual(['one']);
  });

  test('nothing is written for a lost lease', async () => {
    const { batches, claim, leases, workAt } = createKeeper();
    claim('one', ['a']);
    batches.ended('one', 'a');
    leases.current.lose();
    expect(await workAt(200)).toEqual([]);
  });
});

describe('orphaned batches', () => {
  test('are released when two searches in a row find them unknown', async () => {
    const { stored, claim, workAt, released } = createKeeper();
    stored.add('orphan');
    claim('known', ['a']);
    expect(await workAt(14_999)).toEqual([]);
    expect(await workAt(15_000)).toEqual(['list']);
    expect(released).toEqual([]);
    // The second search comes soon, not at the regular interval.
    expect(await workAt(15_999)).toEqual([]);
    expect(await workAt(16_000)).toEqual(['shrink known to 1', 'list', 'release orphan']);
    expect(released).toEqual([10]);
    expect([...stored]).toEqual(['known']);
    expect(await workAt(30_999)).toEqual([]);
    expect(await workAt(31_000)).toEqual(['list']);
  });

  test('a batch whose claim was on its way at the first search is not orphaned', async () => {
    const { stored, claim, workAt } = createKeeper();
    stored.add('late');
    expect(await workAt(15_000)).toEqual(['list']);
    claim('late', ['a']);
    expect(await workAt(16_000)).toEqual(['shrink late to 1', 'list']);
  });

  test('no batch is orphaned while the claim that was under way at the first search still is', async () => {
    const { stored, clock, workAt } = createKeeper();
    stored.add('slow');
    clock.claimSinceMs = 14_900;
    expect(await workAt(15_000)).toEqual(['list']);
    expect(await workAt(16_000)).toEqual(['list']);
    clock.claimSinceMs = 16_500;
    expect(await workAt(31_000)).toEqual(['list', 'release slow']);
  });

  test('a batch that only the second search finds waits for the third', async () => {
    const { stored, workAt } = createKeeper();
    stored.add('one');
    expect(await workAt(15_000)).toEqual(['list']);
    stored.add('two');
    expect(await workAt(16_000)).toEqual(['list', 'release one']);
    expect(await workAt(17_000)).toEqual(['list', 'release two']);
  });

  test('searches under different leases do not add up', async () => {
    const { stored, leases, workAt } = createKeeper();
    stored.add('orphan');
    expect(await workAt(15_000)).toEqual(['list']);
    leases.current = new Lease();
    expect(await workAt(16_000)).toEqual(['list']);
    expect(await workAt(17_000)).toEqual(['list', 'release orphan']);
  });

  test('nothing is reported if others were faster', async () => {
    const { stored, workAt, released } = createKeeper({ releaseBatches: () => Promise.resolve(0) });
    stored.add('orphan');
    await workAt(15_000);
    await workAt(16_000);
    expect(released).toEqual([]);
  });
});

describe('after an error of the database', () => {
  test('four searches follow, a second apart, each after all batches were shrunk', async () => {
    const { keeper, claim, workAt, stored, clock } = createKeeper();
    claim('one', ['a', 'b']);
    stored.add('orphan');
    clock.nowMs = 500;
    keeper.databaseFailed();
    expect(await workAt(1_499)).toEqual([]);
    expect(await workAt(1_500)).toEqual(['shrink one to 2', 'list']);
    expect(await workAt(2_500)).toEqual(['shrink one to 2', 'list', 'release orphan']);
    expect(await workAt(3_500)).toEqual(['shrink one to 2', 'list']);
    expect(await workAt(4_500)).toEqual(['shrink one to 2', 'list']);
    expect(await workAt(5_500)).toEqual([]);
    expect(await workAt(19_500)).toEqual(['list']);
  });

  test('a search that fails is followed by the next one', async () => {
    const { keeper, workAt, errors } = createKeeper({ listBatches: () => Promise.reject(UNAVAILABLE) });
    keeper.databaseFailed();
    for (const nowMs of [1_000, 2_000, 3_000, 4_000, 5_000]) await workAt(nowMs);
    expect(errors).toEqual(Array.from({ length: 5 }, () => UNAVAILABLE));
  });

  test('further errors do not put off the search', async () => {
    const { keeper, workAt, clock } = createKeeper();
    for (const nowMs of [0, 400, 800]) {
      clock.nowMs = nowMs;
      keeper.databaseFailed();
    }
    expect(await workAt(1_000)).toEqual(['list']);
  });
});

describe('start and stop', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('rounds follow every 200 ms, one at a time', async () => {
    const ends: (() => void)[] = [];
    const { keeper, batches, claim } = createKeeper({
      finishBatches: () => new Promise((resolve) => ends.push(resolve)),
    });
    keeper.start();
    for (const batchId of ['one', 'two']) {
      claim(batchId, ['a']);
      batches.ended(batchId, 'a');
      await jest.advanceTimersByTimeAsync(200);
    }
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await jest.advanceTimersByTimeAsync(200);
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await keeper.stop();
  });

  test('a full claim of finished batches is deleted at once, fewer with the next round', async () => {
    const { keeper, batches, claim, calls } = createKeeper();
    keeper.start();
    const end = async (batchId: string, claims: number) => {
      const ids = Array.from({ length: claims }, (_, n) => `${batchId}-${n}`);
      claim(batchId, ids);
      for (const id of ids) batches.ended(batchId, id);
      keeper.claimsEnded();
      await jest.advanceTimersByTimeAsync(0);
    };
    await end('one', 499);
    expect(calls).toEqual([]);
    await end('two', 1);
    expect(calls).toEqual(['finish one,two']);
    await end('three', 10);
    expect(calls).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(200);
    expect(calls).toEqual(['finish one,two', 'finish three']);
    await keeper.stop();
    await end('four', 500);
    expect(calls).toHaveLength(2);
  });

  test('stop ends with a last round', async () => {
    const { keeper, batches, claim, calls } = createKeeper();
    keeper.start();
    claim('one', ['a']);
    batches.ended('one', 'a');
    await keeper.stop();
    expect(calls).toEqual(['finish one']);
    expect(jest.getTimerCount()).toBe(0);
  });
});
