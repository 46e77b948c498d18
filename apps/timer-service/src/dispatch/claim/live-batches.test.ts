import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Lease } from '../lease/lease.ts';
import { claimedRow } from '../testing/claimed-timer.ts';
import { LiveBatches } from './live-batches.ts';

const LEASE = new Lease();

function rows(batchId: string, ids: readonly string[]) {
  return ids.map((id, n) => claimedRow({ batchId, id, fencingToken: n }));
}

function createBatches(more: Readonly<Record<string, readonly string[]>>): LiveBatches {
  const batches = new LiveBatches();
  for (const [batchId, ids] of Object.entries(more)) batches.claimed(LEASE, rows(batchId, ids), 0);
  return batches;
}

describe('LiveBatches', () => {
  test('a batch is finished when the last of its claims has ended', () => {
    const batches = createBatches({ one: ['a', 'b'], other: ['c'] });
    batches.ended('one', 'a');
    expect(batches.isKnown('one')).toBe(true);
    expect(batches.takeWork(0, false)).toEqual([]);
    batches.ended('one', 'b');
    expect(batches.isKnown('one')).toBe(false);
    expect(batches.isKnown('other')).toBe(true);
    expect(batches.takeWork(0, false)).toEqual([{ lease: LEASE, finished: ['one'], shrunk: [] }]);
    expect(batches.takeWork(0, false)).toEqual([]);
  });

  test('a claim that ends twice, or is unknown, changes nothing', () => {
    const batches = createBatches({ one: ['a', 'b'] });
    batches.ended('one', 'a');
    batches.ended('one', 'a');
    batches.ended('unknown', 'b');
    expect(batches.takeWork(0, false)).toEqual([]);
  });

  test('rows of several batches are told apart', () => {
    const batches = new LiveBatches();
    batches.claimed(LEASE, [...rows('recent', ['a']), ...rows('backlog', ['b'])], 0);
    batches.ended('recent', 'a');
    expect(batches.takeWork(0, false)).toMatchObject([{ finished: ['recent'] }]);
  });

  test('a batch is shrunk after a second, when half of its claims have ended', () => {
    const batches = createBatches({ one: ['a', 'b', 'c', 'd'] });
    batches.ended('one', 'a');
    expect(batches.takeWork(5_000, false)).toEqual([]);
    batches.ended('one', 'c');
    expect(batches.takeWork(999, false)).toEqual([]);
    const claims = [
      { id: 'b', fencingToken: 1 },
      { id: 'd', fencingToken: 3 },
    ];
    expect(batches.takeWork(1_000, false)).toEqual([
      { lease: LEASE, finished: [], shrunk: [{ batchId: 'one', claims }] },
    ]);
  });

  test('it is shrunk again when half of the rest have ended', () => {
    const batches = createBatches({ one: ['a', 'b', 'c', 'd'] });
    for (const id of ['a', 'b']) batches.ended('one', id);
    expect(batches.takeWork(1_000, false)).toHaveLength(1);
    expect(batches.takeWork(2_000, false)).toEqual([]);
    batches.ended('one', 'c');
    expect(batches.takeWork(3_000, false)).toMatchObject([{ shrunk: [{ claims: [{ id: 'd' }] }] }]);
  });

  test('thorough work shrinks every batch at any age', () => {
    const batches = createBatches({ one: ['a', 'b', 'c'], other: ['d'] });
    batches.ended('one', 'a');
    const [work] = batches.takeWork(0, true);
    expect(work?.shrunk.map(({ batchId, claims }) => [batchId, claims.map(({ id }) => id)])).toEqual([
      ['one', ['b', 'c']],
      ['other', ['d']],
    ]);
  });

  test('finished batches that were put back come again, before later ones; shrinking is not repeated', () => {
    const batches = createBatches({ one: ['a'], two: ['b'], three: ['c', 'd'] });
    batches.ended('one', 'a');
    batches.ended('three', 'c');
    const [work] = batches.takeWork(1_000, false);
    expect(work).toMatchObject({ finished: ['one'], shrunk: [{ batchId: 'three' }] });
    batches.ended('two', 'b');
    if (work !== undefined) batches.putBack(work);
    expect(batches.takeWork(2_000, false)).toEqual([{ lease: LEASE, finished: ['one', 'two'], shrunk: [] }]);
  });

  test('the batches of a lost lease are forgotten', () => {
    const lost = new Lease();
    const batches = createBatches({ kept: ['a'] });
    batches.claimed(lost, [...rows('finished', ['b']), ...rows('open', ['c'])], 0);
    batches.ended('finished', 'b');
    batches.lost(lost);
    expect(batches.isKnown('open')).toBe(false);
    expect(batches.isKnown('kept')).toBe(true);
    batches.ended('open', 'c');
    expect(batches.takeWork(0, false)).toEqual([]);
  });

  test('the work of each lease is separate', () => {
    const other = new Lease();
    const batches = createBatches({ one: ['a'] });
    batches.claimed(other, rows('two', ['b']), 0);
    batches.ended('one', 'a');
    batches.ended('two', 'b');
    expect(batches.takeWork(0, false)).toEqual([
      { lease: LEASE, finished: ['one'], shrunk: [] },
      { lease: other, finished: ['two'], shrunk: [] },
    ]);
  });

  test('each batch is finished once, and what is shrunk is open, for any sequence of events', () => {
    const event = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('end' as const), nth: fc.nat() }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('claim' as const), size: fc.integer({ min: 1, max: 6 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('work' as const),
          fails: fc.boolean(),
          thorough: fc.boolean(),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 150, size: 'max' }), (events) => {
        const batches = new LiveBatches();
        const open: { batchId: string; id: string }[] = [];
        const finished: string[] = [];
        let claimed = 0;
        const doWork = (nowMs: number, fails: boolean, thorough: boolean) => {
          for (const work of batches.takeWork(nowMs, thorough)) {
            for (const { batchId, claims } of work.shrunk) {
              const expected = open.filter((one) => one.batchId === batchId).map(({ id }) => id);
              if (claims.map(({ id }) => id).join() !== expected.join())
                throw new Error('other claims are open');
            }
            if (fails) batches.putBack(work);
            else finished.push(...work.finished);
          }
        };
        for (const [n, step] of events.entries()) {
          const nowMs = n * 400;
          if (step.do === 'claim') {
            const batchId = `${(claimed += 1)}`;
            const ids = Array.from({ length: step.size }, (_, index) => `${batchId}.${index}`);
            batches.claimed(LEASE, rows(batchId, ids), nowMs);
            open.push(...ids.map((id) => ({ batchId, id })));
          }
          if (step.do === 'end') {
            const [one] = open.splice(step.nth % Math.max(open.length, 1), 1);
            if (one !== undefined) batches.ended(one.batchId, one.id);
          }
          if (step.do === 'work') doWork(nowMs, step.fails, step.thorough);
        }
        for (const { batchId, id } of open.splice(0)) batches.ended(batchId, id);
        doWork(0, false, false);
        expect(finished.map(Number).sort((a, b) => a - b)).toEqual(
          Array.from({ length: claimed }, (_, n) => n + 1),
        );
      }),
    );
  });
});
