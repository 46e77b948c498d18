import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { sleep } from '../../sleep.ts';
import { Lease } from '../lease/lease.ts';
import { type SettleItem, SettleLane, type SettleLaneOptions } from './settle-lane.ts';

interface Item extends SettleItem {
  readonly text: string;
}

const UNAVAILABLE = new Error('connection terminated');
const INVALID = Object.assign(new Error('unsupported Unicode escape sequence'), { code: '22P05' });

const LEASE = new Lease();

function item(id: string, more: Partial<Item> = {}): Item {
  return { lease: LEASE, id, batchId: 'batch', fencingToken: 1, range: 'recent', text: '', ...more };
}

function items(count: number, from = 0): Item[] {
  return Array.from({ length: count }, (_, n) => item(`${from + n}`));
}

const namesOf = (batch: readonly Item[]) => batch.map(({ id }) => id);

/** Creates a lane that records its statements; `write` decides how each ends. */
function createLane(
  write: (batch: readonly Item[]) => Promise<number> | number,
  more: Partial<SettleLaneOptions<Item>> = {},
) {
  const statements: string[][] = [];
  const leaseIds: string[] = [];
  const written: string[] = [];
  const lost: number[] = [];
  const errors: unknown[] = [];
  const lane = new SettleLane<Item>({
    write: async (leaseId, batch) => {
      statements.push(namesOf(batch));
      leaseIds.push(leaseId);
      return write(batch);
    },
    onWritten: (batch, lostClaims) => {
      written.push(...namesOf(batch));
      lost.push(lostClaims);
    },
    onError: (error) => errors.push(error),
    sleep,
    ...more,
  });
  const addAll = (added: readonly Item[]) => {
    for (const one of added) lane.add(one);
  };
  return { lane, addAll, statements, leaseIds, written, lost, errors };
}

const writeAll = (batch: readonly Item[]) => batch.length;
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('batches', () => {
  test('the first claim waits five milliseconds for others', async () => {
    const { lane, statements, leaseIds, written, lost } = createLane(writeAll);
    lane.add(item('a'));
    await pass(4);
    lane.add(item('b'));
    expect(statements).toEqual([]);
    expect(lane.size).toBe(2);
    await pass(1);
    expect(statements).toEqual([['a', 'b']]);
    expect(leaseIds).toEqual([LEASE.id]);
    expect(written).toEqual(['a', 'b']);
    expect(lost).toEqual([0]);
    expect(lane.size).toBe(0);
  });

  test('the wait doubles up to 40 ms while many claims follow, and is short again after few', async () => {
    const { addAll, statements } = createLane(writeAll);
    for (const [many, ms] of [
      [11, 5],
      [11, 10],
      [11, 20],
      [11, 40],
      [10, 40],
      [1, 5],
    ] as const) {
      const before = statements.length;
      addAll(items(many));
      await pass(ms - 1);
      expect(statements).toHaveLength(before);
      await pass(1);
      expect(statements).toHaveLength(before + 1);
    }
  });

  test('a full batch does not wait', async () => {
    const { addAll, statements } = createLane(writeAll);
    addAll(items(2_500));
    await pass(0);
    expect(statements.map(({ length }) => length)).toEqual([1_000, 1_000]);
    await pass(40);
    expect(statements.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  });

  test('claims gather while a statement runs, and the next one follows it', async () => {
    const ends: (() => void)[] = [];
    const { lane, addAll, statements } = createLane(
      (batch) =>
        new Promise((resolve) =>
          ends.push(() => {
            resolve(batch.length);
          }),
        ),
    );
    lane.add(item('a'));
    await pass(5);
    addAll(items(3));
    await pass(1_000);
    expect(statements).toEqual([['a']]);
    expect(lane.size).toBe(4);
    ends[0]?.();
    await pass(5);
    expect(statements).toEqual([['a'], ['0', '1', '2']]);
  });

  test('claims of the backlog are counted until their statement is reported', async () => {
    const counts: object[] = [];
    const { lane, addAll } = createLane(writeAll, {
      onWritten: () => counts.push({ all: lane.pending, ofBacklog: lane.pendingOfBacklog }),
    });
    addAll(items(1_200));
    addAll([
      item('a', { range: 'backlog' }),
      item('b', { range: 'suspect' }),
      item('c', { range: 'backlog' }),
    ]);
    expect([lane.pending, lane.pendingOfBacklog]).toEqual([1_203, 2]);
    await pass(40);
    expect(counts).toEqual([
      { all: 203, ofBacklog: 2 },
      { all: 0, ofBacklog: 0 },
    ]);
  });

  test('an error of the report neither repeats the statement nor counts the claims twice', async () => {
    const defect = new Error('defect');
    const { lane, addAll, statements, errors } = createLane(writeAll, {
      onWritten: () => {
        throw defect;
      },
    });
    addAll([item('a', { range: 'backlog' }), item('b')]);
    await pass(1_000);
    expect(statements).toEqual([['a', 'b']]);
    expect(errors).toEqual([defect]);
    expect(lane).toMatchObject({ size: 0, pending: 0, pendingOfBacklog: 0 });
  });

  test('reports claims that had ended', async () => {
    const { addAll, lost } = createLane(() => 1);
    addAll(items(3));
    await pass(5);
    expect(lost).toEqual([2]);
  });

  test('written does not wait for further claims', async () => {
    const { lane, statements } = createLane(writeAll);
    lane.add(item('a'));
    await lane.written();
    expect(statements).toEqual([['a']]);
    await lane.written();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('errors', () => {
  test('a batch that met an unavailable database is retried unchanged, at growing intervals', async () => {
    let failures = 8;
    const times: number[] = [];
    const { lane, addAll, statements, written, errors } = createLane((batch) => {
      times.push(performance.now());
      if (failures-- > 0) throw UNAVAILABLE;
      return batch.length;
    });
    addAll(items(2));
    const done = lane.written();
    await pass(60_000);
    await done;
    expect(new Set(statements.map(String))).toEqual(new Set(['0,1']));
    expect(times.slice(1).map((at, n) => at - (times[n] ?? 0))).toEqual([
      50, 100, 200, 400, 800, 1_600, 2_000, 2_000,
    ]);
    expect(errors).toHaveLength(8);
    expect(written).toEqual(['0', '1']);
  });

  test('a batch with a claim that cannot be stored is halved until that claim is alone', async () => {
    const { addAll, statements, written, lane } = createLane((batch) => {
      if (batch.some(({ id }) => id === '5')) throw INVALID;
      return batch.length;
    });
    addAll(items(8));
    await pass(5);
    expect(statements.map((names) => names.join(''))).toEqual([
      '01234567',
      '0123',
      '4567',
      '45',
      '4',
      '5',
      '67',
    ]);
    expect(written).toEqual(['0', '1', '2', '3', '4', '6', '7']);
    expect(lane.size).toBe(1);
  });

  test('all other claims are written once, whichever cannot be stored and whatever fails besides', async () => {
    const batch = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    const outages = fc.array(fc.nat(30), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(batch, outages, async (valid, failing) => {
        let statement = 0;
        const { lane, addAll, written } = createLane((some) => {
          if (failing.includes(statement++)) throw UNAVAILABLE;
          if (some.some(({ text }) => text === 'invalid')) throw INVALID;
          return some.length;
        });
        addAll(
          valid.map((isValid, n) =>
            item(`${n}`, { text: isValid ? 'valid' : 'invalid', range: n % 3 === 0 ? 'backlog' : 'recent' }),
          ),
        );
        await pass(10_000);
        const expected = [...valid.keys()].filter((n) => valid[n]).map(String);
        expect([...written].sort()).toEqual(expected.sort());
        expect(lane).toMatchObject({
          size: valid.length - expected.length,
          pending: 0,
          pendingOfBacklog: 0,
        });
      }),
      { numRuns: 50 },
    );
  });

  test('the simplified form of a claim is stored at once', async () => {
    const stored: string[] = [];
    const { lane, addAll, written } = createLane(
      (batch) => {
        if (batch.some(({ text }) => text === 'invalid')) throw INVALID;
        stored.push(...batch.map(({ id, text }) => `${id} ${text}`));
        return batch.length;
      },
      { simplified: (one) => ({ ...one, text: 'simplified' }) },
    );
    addAll([item('a', { text: 'valid' }), item('b', { text: 'invalid' }), item('c', { text: 'valid' })]);
    await pass(5);
    expect(stored.sort()).toEqual(['a valid', 'b simplified', 'c valid']);
    expect(written.sort()).toEqual(['a', 'b', 'c']);
    expect(lane.size).toBe(0);
  });

  test('a refused claim is retried beside the others, ever less often', async () => {
    const times: number[] = [];
    const { lane, statements } = createLane((batch) => {
      if (batch.some(({ id }) => id === 'refused')) {
        times.push(performance.now());
        throw INVALID;
      }
      return batch.length;
    });
    lane.add(item('refused'));
    await pass(5);
    lane.add(item('other'));
    await pass(5);
    expect(statements).toEqual([['refused'], ['other']]);
    await pass(300_000);
    const intervals = times.slice(1).map((at, n) => at - (times[n] ?? 0));
    expect(intervals.slice(0, 8)).toEqual([1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
    expect(intervals.at(-1)).toBe(60_000);
    expect(lane.size).toBe(1);
  });

  test('a refused claim is written once the database accepts it', async () => {
    let accepts = false;
    const { lane, written } = createLane((batch) => {
      if (!accepts) throw INVALID;
      return batch.length;
    });
    lane.add(item('a'));
    await pass(5);
    accepts = true;
    await pass(1_000);
    expect(written).toEqual(['a']);
    expect(lane.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('written does not wait for a refused claim', async () => {
    const { lane } = createLane(() => {
      throw INVALID;
    });
    lane.add(item('a'));
    await lane.written();
    expect(lane.size).toBe(1);
  });
});

describe('leases', () => {
  test('claims of a lost lease are dropped without a statement, and reported as lost', async () => {
    const lease = new Lease();
    const { addAll, statements, written, lost } = createLane(writeAll);
    addAll([item('a', { lease }), item('b', { lease })]);
    lease.lose();
    await pass(5);
    expect(statements).toEqual([]);
    expect(written).toEqual(['a', 'b']);
    expect(lost).toEqual([2]);
  });

  test('a batch under retry is dropped when its lease is lost', async () => {
    const lease = new Lease();
    const { lane, statements, lost } = createLane(() => {
      throw UNAVAILABLE;
    });
    lane.add(item('a', { lease }));
    await pass(5);
    lease.lose();
    await pass(50);
    expect(statements).toHaveLength(1);
    expect(lost).toEqual([1]);
    expect(lane.size).toBe(0);
  });

  test('a refused claim is dropped when its lease is lost', async () => {
    const lease = new Lease();
    const { lane, statements, lost } = createLane(() => {
      throw INVALID;
    });
    lane.add(item('a', { lease }));
    await pass(5);
    lease.lose();
    await pass(1_000);
    expect(statements).toHaveLength(1);
    expect(lost).toEqual([1]);
    expect(lane.size).toBe(0);
  });

  test('no statement has claims of two leases, and none is written under another lease', async () => {
    const leases = [new Lease(), new Lease()];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1), { maxLength: 60 }), async (owners) => {
        const { addAll, statements, leaseIds, written } = createLane(writeAll);
        addAll(owners.map((owner, n) => item(`${n} ${owner}`, { lease: leases[owner] ?? LEASE })));
        await pass(10_000);
        for (const [n, names] of statements.entries())
          for (const name of names) expect(leases[Number(name.split(' ')[1])]?.id).toBe(leaseIds[n]);
        expect(written).toEqual(owners.map((owner, n) => `${n} ${owner}`));
      }),
      { numRuns: 50 },
    );
  });
});
