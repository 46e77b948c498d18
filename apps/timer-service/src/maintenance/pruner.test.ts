import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Pruner, type PruneStepResult } from './pruner.ts';

const HOUR_MS = 3_600_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A pruner whose statements take 100 ms each and return these results in order. */
function prunerOf(results: (PruneStepResult | Error)[]) {
  const steps: { from: string | undefined; atMs: number }[] = [];
  const deleted: number[] = [];
  const errors: unknown[] = [];
  const pruner = new Pruner({
    step: async (from) => {
      steps.push({ from, atMs: performance.now() });
      const result = results.shift() ?? { deleted: 0, next: undefined };
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (result instanceof Error) throw result;
      return result;
    },
    monotonicMs: () => performance.now(),
    random: () => 0.5,
    onPruned: (timers) => deleted.push(timers),
    onError: (error) => errors.push(error),
  });
  return { pruner, steps, deleted, errors };
}

test('prunes every hour and sleeps after each step as long as the step took', async () => {
  const { pruner, steps, deleted } = prunerOf([
    { deleted: 7, next: 'here' },
    { deleted: 0, next: 'there' },
    { deleted: 3, next: undefined },
  ]);
  pruner.start();
  await jest.advanceTimersByTimeAsync(HOUR_MS - 1);
  expect(steps).toEqual([]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(steps.map(({ from }) => from)).toEqual([undefined, 'here', 'there']);
  const [first, second, third] = steps.map(({ atMs }) => Math.round(atMs - (steps[0]?.atMs ?? 0)));
  expect([first, second, third]).toEqual([0, 200, 400]);
  expect(deleted).toEqual([10]);
  await jest.advanceTimersByTimeAsync(HOUR_MS + 1_000);
  expect(steps).toHaveLength(4);
  expect(deleted).toEqual([10]);
  await pruner.stop();
});

test('starts over in the next run after a failure', async () => {
  const { pruner, steps, deleted, errors } = prunerOf([
    { deleted: 1, next: 'here' },
    new Error('the database is unreachable'),
    { deleted: 2, next: undefined },
  ]);
  pruner.start();
  await jest.advanceTimersByTimeAsync(HOUR_MS + 1_000);
  expect(errors).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(HOUR_MS + 1_000);
  expect(steps.map(({ from }) => from)).toEqual([undefined, 'here', undefined]);
  expect(deleted).toEqual([2]);
  await pruner.stop();
});

test('stops after the statement in progress', async () => {
  const { pruner, steps } = prunerOf([{ deleted: 1, next: 'here' }]);
  pruner.start();
  await jest.advanceTimersByTimeAsync(HOUR_MS + 50);
  let stopped = false;
  const stopping = pruner.stop().then(() => {
    stopped = true;
  });
  await jest.advanceTimersByTimeAsync(49);
  expect(stopped).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  await stopping;
  expect(steps).toHaveLength(1);
  expect(jest.getTimerCount()).toBe(0);
});

test('stops at once while it sleeps and when it was never started', async () => {
  const { pruner, steps } = prunerOf([]);
  pruner.start();
  await pruner.stop();
  expect(steps).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
  await prunerOf([]).pruner.stop();
});
