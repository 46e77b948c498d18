import { describe, expect, test } from '@jest/globals';
import { mergeCounts, type SampledStates, statesToCount } from './merge-counts.ts';

const NONE = { pending: 0, markedExecuting: 0, completed: 0, failed: 0, canceled: 0, paused: 0, due: 0 };
const UNCOUNTED = { pending: null, markedExecuting: null, failed: null, canceled: null, paused: null };
const IDLE = { executing: 0, estimated: false };
const exact = (count: number) => ({ count, estimated: false });
const estimate = (count: number) => ({ count, estimated: true });

const sampleOf = (counts: Partial<typeof NONE>, percent = 1): SampledStates => ({
  percent,
  counts: { ...NONE, ...counts },
});

describe('states are counted by index', () => {
  test('if the sample does not show that they are many', () => {
    const states = statesToCount(sampleOf({ pending: 300, failed: 299 }));
    expect([...states]).toEqual(['markedExecuting', 'failed', 'canceled', 'paused']);
  });

  test('unless the whole table was read', () => {
    expect([...statesToCount(sampleOf({ failed: 5 }, 100))]).toEqual([]);
  });
});

test('the numbers of a table that was read as a whole are exact', () => {
  const sample = sampleOf({ pending: 20_000, completed: 30_000, due: 900 }, 100);
  const merged = mergeCounts({
    sample,
    indexed: UNCOUNTED,
    due: { due: 700, more: false },
    executing: { executing: 200, estimated: false },
  });
  expect(merged.counts.pending).toEqual(exact(19_800));
  expect(merged.counts.completed).toEqual(exact(30_000));
  expect(merged.due).toEqual(exact(700));
});

test('a number that was counted to the end is exact, whatever the sample shows', () => {
  const indexed = { ...UNCOUNTED, pending: 150, markedExecuting: 0, failed: 0, paused: 10_000 };
  const { counts } = mergeCounts({
    sample: sampleOf({ pending: 3, failed: 7 }),
    indexed,
    due: null,
    executing: { executing: 50, estimated: false },
  });
  expect(counts).toMatchObject({
    pending: exact(100),
    executing: exact(50),
    failed: exact(0),
    paused: exact(10_000),
  });
});

test('a number of which the end was not reached is an estimate of more than 10,000', () => {
  const { counts, due } = mergeCounts({
    sample: sampleOf({ pending: 3, failed: 250, due: 2 }),
    indexed: { ...UNCOUNTED, pending: 10_001, failed: 10_001 },
    due: { due: 9_000, more: true },
    executing: IDLE,
  });
  expect(counts).toMatchObject({ pending: estimate(10_001), failed: estimate(25_000) });
  expect(due).toEqual(estimate(10_001));
});

test('a number that was not counted is an estimate of the sample, without what is executing', () => {
  const { counts, due } = mergeCounts({
    sample: sampleOf({ pending: 5_000, completed: 7_000, due: 1_000 }),
    indexed: UNCOUNTED,
    due: null,
    executing: { executing: 4_000, estimated: true },
  });
  expect(counts).toMatchObject({
    pending: estimate(496_000),
    executing: estimate(4_000),
    completed: estimate(700_000),
  });
  expect(due).toEqual(estimate(96_000));
});
