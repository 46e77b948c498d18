import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Alarm, DelayQueue } from './delay-queue.ts';

/** A clock that the test advances; alarms fire on the way. */
class ManualAlarm implements Alarm {
  now = 0;
  longestMs = 0;
  readonly #alarms = new Map<symbol, { atMs: number; call: () => void }>();

  nowMs(): number {
    return this.now;
  }

  after(ms: number, call: () => void): () => void {
    this.longestMs = Math.max(this.longestMs, ms);
    const key = Symbol('alarm');
    this.#alarms.set(key, { atMs: this.now + ms, call });
    return () => this.#alarms.delete(key);
  }

  get set(): number {
    return this.#alarms.size;
  }

  advanceTo(nowMs: number): void {
    for (;;) {
      const [next] = [...this.#alarms].sort((one, other) => one[1].atMs - other[1].atMs);
      if (next === undefined || next[1].atMs > nowMs) break;
      this.now = Math.max(this.now, next[1].atMs);
      this.#alarms.delete(next[0]);
      next[1].call();
    }
    this.now = nowMs;
  }
}

function queueOn(alarm: ManualAlarm) {
  const emitted: { dueMs: number; atMs: number }[] = [];
  const queue = new DelayQueue<{ dueMs: number }>(alarm, ({ dueMs }) =>
    emitted.push({ dueMs, atMs: alarm.now }),
  );
  return { queue, emitted };
}

describe('DelayQueue', () => {
  test('emits items already due at once, and the others at their due instant', () => {
    const alarm = new ManualAlarm();
    const { queue, emitted } = queueOn(alarm);
    alarm.advanceTo(100);
    queue.add([{ dueMs: 150 }, { dueMs: 90 }, { dueMs: 120.5 }]);
    expect(emitted).toEqual([{ dueMs: 90, atMs: 100 }]);
    alarm.advanceTo(1_000);
    expect(emitted.slice(1)).toEqual([
      { dueMs: 120.5, atMs: 120.5 },
      { dueMs: 150, atMs: 150 },
    ]);
    expect(alarm.set).toBe(0);
  });

  test('an earlier item replaces the alarm', () => {
    const alarm = new ManualAlarm();
    const { queue, emitted } = queueOn(alarm);
    queue.add([{ dueMs: 500 }]);
    queue.add([{ dueMs: 10 }]);
    expect(alarm.set).toBe(1);
    alarm.advanceTo(10);
    expect(emitted).toEqual([{ dueMs: 10, atMs: 10 }]);
  });

  test.each([25, 365, 36_525])('waits %d days without exceeding the limit of setTimeout', (days) => {
    const alarm = new ManualAlarm();
    const { queue, emitted } = queueOn(alarm);
    const dueMs = days * 86_400_000;
    queue.add([{ dueMs }]);
    alarm.advanceTo(dueMs - 1);
    expect(emitted).toEqual([]);
    alarm.advanceTo(dueMs);
    expect(emitted).toEqual([{ dueMs, atMs: dueMs }]);
    expect(alarm.longestMs).toBeLessThan(2 ** 31);
  });

  test('emits nothing early if the alarm fires early', () => {
    const early: Alarm & { fire: () => void; now: number } = {
      now: 0,
      fire: () => undefined,
      nowMs() {
        return this.now;
      },
      after(_ms, call) {
        this.fire = call;
        return () => undefined;
      },
    };
    const emitted: number[] = [];
    const queue = new DelayQueue<{ dueMs: number }>(early, ({ dueMs }) => emitted.push(dueMs));
    queue.add([{ dueMs: 10 }]);
    early.now = 9.9;
    early.fire();
    expect(emitted).toEqual([]);
    early.now = 10;
    early.fire();
    expect(emitted).toEqual([10]);
  });

  test('emits every item once, in order, never early and never late', () => {
    const moves = fc.array(
      fc.record({ dues: fc.array(fc.integer({ min: 0, max: 1_000 })), step: fc.nat(100) }),
    );
    fc.assert(
      fc.property(moves, (steps) => {
        const alarm = new ManualAlarm();
        const { queue, emitted } = queueOn(alarm);
        const added: number[] = [];
        for (const { dues, step } of steps) {
          const before = alarm.now;
          queue.add(dues.map((dueMs) => ({ dueMs })));
          added.push(...dues.map((dueMs) => Math.max(dueMs, before)));
          alarm.advanceTo(alarm.now + step);
        }
        alarm.advanceTo(2_000);
        expect(emitted.map(({ atMs }) => atMs).sort((a, b) => a - b)).toEqual(added.sort((a, b) => a - b));
        for (const { dueMs, atMs } of emitted) expect(atMs).toBeGreaterThanOrEqual(dueMs);
      }),
    );
  });

  test('takeAll removes every item and the alarm', () => {
    const alarm = new ManualAlarm();
    const { queue, emitted } = queueOn(alarm);
    queue.add([{ dueMs: 20 }, { dueMs: 10 }]);
    expect(queue.takeAll()).toEqual([{ dueMs: 10 }, { dueMs: 20 }]);
    expect(queue.size).toBe(0);
    expect(alarm.set).toBe(0);
    alarm.advanceTo(100);
    expect(emitted).toEqual([]);
  });

  test('takeAfter removes what is due later, and keeps the rest and its alarm', () => {
    const alarm = new ManualAlarm();
    const { queue, emitted } = queueOn(alarm);
    queue.add([{ dueMs: 20 }, { dueMs: 10 }, { dueMs: 21 }]);
    expect(queue.takeAfter(20)).toEqual([{ dueMs: 21 }]);
    expect(queue.size).toBe(2);
    alarm.advanceTo(100);
    expect(emitted).toEqual([
      { dueMs: 10, atMs: 10 },
      { dueMs: 20, atMs: 20 },
    ]);
    expect(alarm.set).toBe(0);
  });
});

test('items that are due together are emitted in the given order', () => {
  const alarm = new ManualAlarm();
  const emitted: number[] = [];
  const queue = new DelayQueue<{ dueMs: number; n: number }>(
    alarm,
    ({ n }) => emitted.push(n),
    (one, other) => one.n - other.n,
  );
  queue.add([7, 3, 9, 1, 8, 2].map((n) => ({ dueMs: 50, n })));
  alarm.advanceTo(50);
  expect(emitted).toEqual([1, 2, 3, 7, 8, 9]);
});
