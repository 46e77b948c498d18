import { describe, expect, jest, test } from '@jest/globals';
import { InterruptibleSleep } from './interruptible-sleep.ts';

const AN_HOUR_MS = 3_600_000;

describe('Doze', () => {
  test('sleeps for its time', async () => {
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

  test('is cut short when it is woken', async () => {
    const doze = new InterruptibleSleep();
    const slept = doze.sleep(AN_HOUR_MS);
    doze.wake();
    await expect(slept).resolves.toBeUndefined();
  });

  test('does not begin when it was woken before, once', async () => {
    jest.useFakeTimers();
    const doze = new InterruptibleSleep();
    doze.wake();
    doze.wake();
    await doze.sleep(AN_HOUR_MS);
    expect(jest.getTimerCount()).toBe(0);
    void doze.sleep(AN_HOUR_MS);
    expect(jest.getTimerCount()).toBe(1);
    jest.useRealTimers();
  });

  test('leaves no alarm behind', async () => {
    jest.useFakeTimers();
    const doze = new InterruptibleSleep();
    const slept = doze.sleep(AN_HOUR_MS);
    doze.wake();
    await slept;
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
