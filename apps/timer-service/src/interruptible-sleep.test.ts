import { describe, expect, jest, test } from '@jest/globals';
import { InterruptibleSleep } from './interruptible-sleep.ts';

const AN_HOUR_MS = 3_600_000;

describe('InterruptibleSleep', () => {
  test('resolves after the given time', async () => {
    jest.useFakeTimers();
    const ended: string[] = [];
    const slept = new InterruptibleSleep().sleep(1_000).then(() => ended.push('slept'));
    await jest.advanceTimersByTimeAsync(999);
    expect(ended).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['slept']);
    await slept;
    jest.useRealTimers();
  });

  test('resolves at once on wake', async () => {
    const sleeper = new InterruptibleSleep();
    const slept = sleeper.sleep(AN_HOUR_MS);
    sleeper.wake();
    await expect(slept).resolves.toBeUndefined();
  });

  test('skips one sleep after any number of wakes', async () => {
    jest.useFakeTimers();
    const sleeper = new InterruptibleSleep();
    sleeper.wake();
    sleeper.wake();
    await sleeper.sleep(AN_HOUR_MS);
    expect(jest.getTimerCount()).toBe(0);
    void sleeper.sleep(AN_HOUR_MS);
    expect(jest.getTimerCount()).toBe(1);
    jest.useRealTimers();
  });

  test('leaves no timer behind after wake', async () => {
    jest.useFakeTimers();
    const sleeper = new InterruptibleSleep();
    const slept = sleeper.sleep(AN_HOUR_MS);
    sleeper.wake();
    await slept;
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
