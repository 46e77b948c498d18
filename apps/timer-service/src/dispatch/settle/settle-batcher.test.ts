import { describe, expect, test } from '@jest/globals';
import type { DeliveredAttempt } from '@timer-platform/database';
import { SettleBatcher, type SettleStatements, type WrittenBatch } from './settle-batcher.ts';

function delivered(id: string): DeliveredAttempt {
  return { id, fencingToken: 1, startedMs: 0, finishedMs: 0 };
}

function make(more: Partial<SettleStatements> = {}) {
  const written: WrittenBatch[] = [];
  const errors: unknown[] = [];
  const statements: SettleStatements = {
    delivered: (batch) => Promise.resolve(batch.length),
    failed: (batch) => Promise.resolve(batch.length),
    release: (batch) => Promise.resolve(batch.length),
    ...more,
  };
  const batcher = new SettleBatcher({
    statements,
    onWritten: (batch) => written.push(batch),
    onError: (error) => errors.push(error),
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  });
  return { batcher, written, errors };
}

describe('SettleBatcher', () => {
  test('collects claims during a statement and writes at most 1,000 rows per statement', async () => {
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const sizes: number[] = [];
    const { batcher } = make({
      delivered: async (batch) => {
        sizes.push(batch.length);
        await gate;
        return batch.length;
      },
    });
    batcher.delivered(delivered('first'));
    while (sizes.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 2_500; n += 1) batcher.delivered(delivered(`${n}`));
    expect(batcher.size).toBe(2_501);
    release?.();
    await batcher.written();
    expect(sizes).toEqual([1, 1_000, 1_000, 500]);
    expect(batcher.size).toBe(0);
  });

  test('retries a failed batch unchanged', async () => {
    const tries: number[] = [];
    const { batcher, errors, written } = make({
      delivered: (batch) => {
        tries.push(batch.length);
        return tries.length < 3 ? Promise.reject(new Error('unavailable')) : Promise.resolve(batch.length);
      },
    });
    batcher.delivered(delivered('a'));
    batcher.delivered(delivered('b'));
    await batcher.written();
    expect(tries).toEqual([2, 2, 2]);
    expect(errors).toHaveLength(2);
    expect(written).toMatchObject([{ kind: 'delivered', lost: 0, nextDueMs: null }]);
    expect(written[0]?.items.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('reports how many claims were lost and when the first timer is due again', async () => {
    const { batcher, written } = make({ release: () => Promise.resolve(1) });
    for (const notBeforeMs of [300, 100, null]) batcher.release({ id: 'x', fencingToken: 1, notBeforeMs });
    await batcher.written();
    expect(written).toMatchObject([{ kind: 'release', lost: 2, nextDueMs: 100 }]);
  });
});
