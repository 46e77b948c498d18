import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { sleep } from '../../sleep.ts';
import { Lease } from '../lease/lease.ts';
import { SettleBatcher, type SettleStatements, type WrittenBatch } from './settle-batcher.ts';
import type { SettleItem } from './settle-lane.ts';

const INVALID = Object.assign(new Error('unsupported Unicode escape sequence'), { code: '22P05' });

const lease = new Lease();

function claim(id: string): SettleItem {
  return { lease, id, batchId: 'batch', fencingToken: 1, range: 'recent' };
}

function delivered(id: string) {
  return { ...claim(id), startedMs: 0, finishedMs: 0 };
}

function failed(id: string, nextAttemptMs: number | null, error = 'HTTP 500') {
  return { ...delivered(id), error, nextAttemptMs, dueMs: 0, statusCode: 500 };
}

function released(id: string, notBeforeMs: number | null) {
  return { ...claim(id), notBeforeMs, reason: null, pausedFor: null };
}

function createBatcher(more: Partial<SettleStatements> = {}) {
  const written: WrittenBatch[] = [];
  const errors: unknown[] = [];
  const accept = (_: string, batch: readonly object[]) => Promise.resolve(batch.length);
  const batcher = new SettleBatcher({
    statements: { delivered: accept, failed: accept, release: accept, ...more },
    onWritten: (batch) => written.push(batch),
    onError: (error) => errors.push(error),
    sleep,
  });
  return { batcher, written, errors };
}

describe('SettleBatcher', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('writes each kind with its own statement', async () => {
    const { batcher, written } = createBatcher();
    batcher.delivered(delivered('a'));
    batcher.failed(failed('b', null));
    batcher.release(released('c', null));
    batcher.delivered(delivered('d'));
    expect(batcher.size).toBe(4);
    await batcher.written();
    const kinds = written.map(({ kind, items }) => `${kind} ${items.map(({ id }) => id).join()}`);
    expect(kinds.sort()).toEqual(['delivered a,d', 'failed b', 'release c']);
    expect(batcher.size).toBe(0);
  });

  test('one kind does not wait for the statement of another', async () => {
    const { batcher, written } = createBatcher({ delivered: () => new Promise(() => undefined) });
    batcher.delivered(delivered('a'));
    batcher.failed(failed('b', null));
    await jest.advanceTimersByTimeAsync(5);
    expect(written.map(({ kind }) => kind)).toEqual(['failed']);
    expect(batcher.size).toBe(1);
  });

  test('reports how many claims were lost and when the first timer is due again', async () => {
    const { batcher, written } = createBatcher({ release: () => Promise.resolve(1) });
    for (const notBeforeMs of [300, 100, null]) batcher.release(released('x', notBeforeMs));
    for (const nextAttemptMs of [null, 900, 700]) batcher.failed(failed('y', nextAttemptMs));
    batcher.delivered(delivered('z'));
    await batcher.written();
    const byKind = Object.fromEntries(
      written.map(({ kind, lost, nextDueMs }) => [kind, { lost, nextDueMs }]),
    );
    expect(byKind).toEqual({
      release: { lost: 2, nextDueMs: 100 },
      failed: { lost: 0, nextDueMs: 700 },
      delivered: { lost: 0, nextDueMs: null },
    });
  });

  test('the due instant of timers that were released at once is not known', async () => {
    const { batcher, written } = createBatcher();
    batcher.release(released('x', null));
    await batcher.written();
    expect(written).toMatchObject([{ kind: 'release', nextDueMs: null }]);
  });

  test('an error text that cannot be stored is replaced', async () => {
    const stored: string[] = [];
    const { batcher, errors } = createBatcher({
      failed: (_, batch) => {
        if (batch.some(({ error }) => error === '\u0000')) return Promise.reject(INVALID);
        stored.push(...batch.map(({ id, error }) => `${id} ${error}`));
        return Promise.resolve(batch.length);
      },
    });
    batcher.failed(failed('a', null, '\u0000'));
    batcher.failed(failed('b', null));
    await batcher.written();
    await jest.advanceTimersByTimeAsync(0);
    expect(stored.sort()).toEqual(['a the attempt failed; its error could not be stored', 'b HTTP 500']);
    expect(errors).toHaveLength(2);
    expect(batcher.size).toBe(0);
  });

  test('written waits while the database is unavailable, also for claims that are added meanwhile', async () => {
    let available = false;
    const { batcher, written } = createBatcher({
      delivered: (_, batch) =>
        available ? Promise.resolve(batch.length) : Promise.reject(new Error('connection terminated')),
    });
    batcher.delivered(delivered('a'));
    const done = batcher.written();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(written).toEqual([]);
    batcher.release(released('b', null));
    available = true;
    await jest.advanceTimersByTimeAsync(2_000);
    await done;
    expect(written.map(({ kind }) => kind).sort()).toEqual(['delivered', 'release']);
  });

  test('written does not wait for a claim that the database refuses', async () => {
    const { batcher, written } = createBatcher({
      release: (_, batch) =>
        batch.some(({ id }) => id === 'a') ? Promise.reject(INVALID) : Promise.resolve(batch.length),
    });
    batcher.release(released('a', null));
    batcher.release(released('b', null));
    await batcher.written();
    expect(written).toMatchObject([{ kind: 'release', items: [{ id: 'b' }] }]);
    expect(batcher.size).toBe(1);
  });
});
