import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { DueRange } from '@timer-platform/database';
import { DueNotifier } from './due-notifier.ts';

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** Creates a notifier at the wall-clock instant 0. */
function createNotifier(notify: () => Promise<void> = () => Promise.resolve()) {
  const ranges: DueRange[] = [];
  const errors: unknown[] = [];
  const notifier = new DueNotifier({
    notify: (range) => {
      ranges.push(range);
      return notify();
    },
    wallMs: () => performance.now(),
    onError: (error) => errors.push(error),
  });
  return { notifier, ranges, errors };
}

describe('DueNotifier', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('notifies of a single timer at once', () => {
    const { notifier, ranges } = createNotifier();
    notifier.stored(300);
    expect(ranges).toEqual([{ fromMs: 300, toMs: 300 }]);
  });

  test('a timer without an instant is due now', () => {
    const { notifier, ranges } = createNotifier();
    jest.advanceTimersByTime(40);
    notifier.stored();
    expect(ranges).toEqual([{ fromMs: 40, toMs: 40 }]);
  });

  test('collects the timers of the next 20 ms in one notification', async () => {
    const { notifier, ranges } = createNotifier();
    notifier.stored(300);
    await pass(5);
    for (const dueMs of [900, -50, 200]) notifier.stored(dueMs);
    await pass(14);
    expect(ranges).toHaveLength(1);
    await pass(1);
    expect(ranges.slice(1)).toEqual([{ fromMs: -50, toMs: 900 }]);
  });

  test('notifies at once again after 20 ms without a timer', async () => {
    const { notifier, ranges } = createNotifier();
    notifier.stored(1);
    await pass(20);
    notifier.stored(2);
    expect(ranges).toEqual([
      { fromMs: 1, toMs: 1 },
      { fromMs: 2, toMs: 2 },
    ]);
  });

  test('sends one notification at a time', async () => {
    const ends: (() => void)[] = [];
    const { notifier, ranges } = createNotifier(() => new Promise((resolve) => ends.push(resolve)));
    notifier.stored(1);
    await pass(1_000);
    notifier.stored(2);
    await pass(1_000);
    expect(ranges).toHaveLength(1);
    ends[0]?.();
    await pass(20);
    expect(ranges.slice(1)).toEqual([{ fromMs: 2, toMs: 2 }]);
  });

  test('leaves timers that are due in more than five seconds to the polls', () => {
    const { notifier, ranges } = createNotifier();
    notifier.stored(5_001);
    expect(ranges).toEqual([]);
    notifier.stored(5_000);
    expect(ranges).toEqual([{ fromMs: 5_000, toMs: 5_000 }]);
  });

  test('goes on after an error, and does not repeat what failed', async () => {
    let available = false;
    const { notifier, ranges, errors } = createNotifier(() =>
      available ? Promise.resolve() : Promise.reject(new Error('connection terminated')),
    );
    notifier.stored(1);
    await pass(1_000);
    expect(errors).toHaveLength(1);
    available = true;
    notifier.stored(2);
    expect(ranges.slice(1)).toEqual([{ fromMs: 2, toMs: 2 }]);
  });

  test('sends nothing after stop', async () => {
    const { notifier, ranges } = createNotifier();
    notifier.stored(1);
    notifier.stored(2);
    await pass(0);
    notifier.stop();
    notifier.stored(3);
    await pass(1_000);
    expect(ranges).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('sends nothing after a stop during a notification', async () => {
    const ends: (() => void)[] = [];
    const { notifier, ranges } = createNotifier(() => new Promise((resolve) => ends.push(resolve)));
    notifier.stored(1);
    notifier.stop();
    ends[0]?.();
    await pass(0);
    expect(jest.getTimerCount()).toBe(0);
    notifier.stored(2);
    await pass(1_000);
    notifier.stored(3);
    expect(ranges).toHaveLength(1);
  });
});
