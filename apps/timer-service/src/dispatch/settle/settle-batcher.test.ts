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
  const buffer = new SettleBatcher({
    statements,
    onWritten: (batch) => written.push(batch),
    onError: (error) => errors.push(error),
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  });
  return { buffer, written, errors };
}

describe('SettleBuffer', () => {
  test('gathers while a statement runs, and writes at most a thousand rows with one', async () => {
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const sizes: number[] = [];
    const { buffer } = make({
      delivered: async (batch) => {
        sizes.push(batch.length);
        await gate;
        return batch.length;
      },
    });
    buffer.delivered(delivered('first'));
    while (sizes.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 2_500; n += 1) buffer.delivered(delivered(`${n}`));
    expect(buffer.size).toBe(2_501);
    release?.();
    await buffer.written();
    expect(sizes).toEqual([1, 1_000, 1_000, 500]);
    expect(buffer.size).toBe(0);
  });

  test('tries a batch that could not be written again, with nothing lost and nothing added', async () => {
    const tries: number[] = [];
    const { buffer, errors, written } = make({
      delivered: (batch) => {
        tries.push(batch.length);
        return tries.length < 3 ? Promise.reject(new Error('away')) : Promise.resolve(batch.length);
      },
    });
    buffer.delivered(delivered('a'));
    buffer.delivered(delivered('b'));
    await buffer.written();
    expect(tries).toEqual([2, 2, 2]);
    expect(errors).toHaveLength(2);
    expect(written).toMatchObject([{ kind: 'delivered', lost: 0, nextDueMs: null }]);
    expect(written[0]?.items.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('tells what was lost, and when the first of a batch is due again', async () => {
    const { buffer, written } = make({ release: () => Promise.resolve(1) });
    for (const notBeforeMs of [300, 100, null]) buffer.release({ id: 'x', fencingToken: 1, notBeforeMs });
    await buffer.written();
    expect(written).toMatchObject([{ kind: 'release', lost: 2, nextDueMs: 100 }]);
  });
});
