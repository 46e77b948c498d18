import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { PruneResult, PruneStep } from '@timer-platform/database';
import { Retention } from './prune-finished-timers.ts';

const HOUR_MS = 3_600_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A retention over these results, one per statement, each of which takes 100 ms. */
function retentionOver(results: (PruneResult | Error)[]) {
  const steps: { step: PruneStep; atMs: number }[] = [];
  const deleted: number[] = [];
  const errors: unknown[] = [];
  const retention = new Retention({
    finishedForMs: 1_000,
    deleteFinished: async (step) => {
      steps.push({ step, atMs: performance.now() });
      const result = results.shift() ?? { deleted: 0, reached: undefined };
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (result instanceof Error) throw result;
      return result;
    },
    monotonicMs: () => performance.now(),
    random: () => 0.5,
    onDeleted: (timers) => deleted.push(timers),
    onError: (error) => errors.push(error),
  });
  return { retention, steps, deleted, errors };
}

test('walks through the table every hour, resting as long as each step took', async () => {
  const { retention, steps, deleted } = retentionOver([
    { deleted: 7, reached: 'here' },
    { deleted: 0, reached: 'there' },
    { deleted: 3, reached: undefined },
  ]);
  retention.start();
  await jest.advanceTimersByTimeAsync(HOUR_MS - 1);
  expect(steps).toEqual([]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(steps.map(({ step }) => step.from)).toEqual([undefined, 'here', 'there']);
  const [first, second, third] = steps.map(({ atMs }) => Math.round(atMs - (steps[0]?.atMs ?? 0)));
  expect([first, second, third]).toEqual([0, 200, 400]);
  expect(deleted).toEqual([10]);
  await jest.advanceTimersByTimeAsync(HOUR_MS + 1_000);
  expect(steps).toHaveLength(4);
  expect(deleted).toEqual([10]);
  await retention.stop();
});

test('goes on after a failure, from the beginning', async () => {
  const { retention, steps, deleted, errors } = retentionOver([
    { deleted: 1, reached: 'here' },
    new Error('the database is away'),
    { deleted: 2, reached: undefined },
  ]);
  retention.start();
  await jest.advanceTimersByTimeAsync(HOUR_MS + 1_000);
  expect(errors).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(HOUR_MS + 1_000);
  expect(steps.map(({ step }) => step.from)).toEqual([undefined, 'here', undefined]);
  expect(deleted).toEqual([2]);
  await retention.stop();
});

test('stops after the statement that is under way', async () => {
  const { retention, steps } = retentionOver([{ deleted: 1, reached: 'here' }]);
  retention.start();
  await jest.advanceTimersByTimeAsync(HOUR_MS + 50);
  let stopped = false;
  const stopping = retention.stop().then(() => {
    stopped = true;
  });
  await jest.advanceTimersByTimeAsync(49);
  expect(stopped).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  await stopping;
  expect(steps).toHaveLength(1);
  expect(jest.getTimerCount()).toBe(0);
});

test('stops at once while it waits, and without having been started', async () => {
  const { retention, steps } = retentionOver([]);
  retention.start();
  await retention.stop();
  expect(steps).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
  await retentionOver([]).retention.stop();
});
