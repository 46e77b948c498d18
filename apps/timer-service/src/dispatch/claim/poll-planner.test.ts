import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PollPlanner, type PollResult } from './poll-planner.ts';

const ROOM = { fresh: true, backlog: true };
const BEGINNING = Number.NEGATIVE_INFINITY;

function make(lookAheadMs = 250) {
  return new PollPlanner({ lookAheadMs, batch: 100 }, 0);
}

/** What a look found that began at this instant. */
function found(beganMs: number, more: Partial<PollResult> = {}): PollResult {
  return { full: false, tookMs: 2, polledUpToMs: beganMs + 250, lastDueMs: null, nextDueMs: null, ...more };
}

describe('LookPlan', () => {
  test('begins with everything that is due, however old', () => {
    expect(make().next(0, ROOM)).toEqual({ kind: 'backlog', dueFromMs: BEGINNING });
  });

  test('goes on behind the last one of a full batch, and ends with one that is not full', () => {
    const plan = make();
    plan.recordPoll('backlog', found(1, { full: true, lastDueMs: -700 }));
    expect(plan.next(1, ROOM)).toEqual({ kind: 'backlog', dueFromMs: -700 });
    plan.recordPoll('backlog', found(2));
    // A full batch does not tell when the next timer is due, so a fresh look finds out soon.
    expect(plan.next(2, ROOM)).toEqual({ kind: 'sleep', untilMs: 101 });
    plan.recordPoll('fresh', found(101));
    expect(plan.next(102, ROOM)).toEqual({ kind: 'sleep', untilMs: 500 });
  });

  test('wakes a look-ahead before the next due instant', () => {
    const plan = make();
    plan.recordPoll('backlog', found(0, { nextDueMs: 400 }));
    expect(plan.next(1, ROOM)).toEqual({ kind: 'sleep', untilMs: 150 });
    expect(plan.next(150, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 0 });
  });

  test('a fresh look begins where the one before ended', () => {
    const plan = make();
    plan.recordPoll('backlog', found(0, { nextDueMs: 300 }));
    plan.recordPoll('fresh', found(100, { nextDueMs: 360 }));
    // Not at 110: a batch is worth waiting for while there is time before the due instant.
    expect(plan.next(101, ROOM)).toEqual({ kind: 'sleep', untilMs: 200 });
    expect(plan.next(200, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 350 });
  });

  test('what a full fresh batch left is backlog, and fresh looks go on beside it', () => {
    const plan = make();
    plan.recordPoll('backlog', found(0));
    plan.recordPoll('fresh', found(100, { full: true, lastDueMs: 120 }));
    expect(plan.next(101, ROOM)).toEqual({ kind: 'backlog', dueFromMs: 120 });
    expect(plan.next(101, { fresh: true, backlog: false })).toEqual({ kind: 'sleep', untilMs: 200 });
    expect(plan.next(200, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 350 });
  });

  test('looks for what it was not told of twice a second, and at everything every two seconds', () => {
    const plan = make();
    const looks: [number, unknown][] = [];
    plan.recordPoll('backlog', found(0));
    for (let now = 1; now <= 2_100; now += 1) {
      const look = plan.next(now, ROOM);
      if (look.kind === 'sleep') continue;
      looks.push([now, look.dueFromMs]);
      plan.recordPoll(look.kind, found(now));
    }
    expect(looks).toEqual([
      [500, -500],
      [1_000, 0],
      [1_500, 500],
      [2_000, BEGINNING],
    ]);
  });

  test('looks at everything more seldom where that takes long, and every ten seconds at least', () => {
    const fullLooks = (tookMs: number) => {
      const plan = make();
      const at: number[] = [];
      for (let now = 0; now <= 30_000; now += 1) {
        const look = plan.next(now, ROOM);
        if (look.kind === 'sleep') continue;
        if (look.dueFromMs === BEGINNING) at.push(now);
        plan.recordPoll(look.kind, found(now, { tookMs: look.dueFromMs === BEGINNING ? tookMs : 1 }));
      }
      return at.slice(0, 3);
    };
    expect(fullLooks(5)).toEqual([0, 2_000, 4_000]);
    expect(fullLooks(100)).toEqual([0, 5_000, 10_000]);
    expect(fullLooks(5_000)).toEqual([0, 10_000, 20_000]);
  });

  test('a timer that was stored here is looked for in time, also when it is due before the last look ended', () => {
    const plan = make();
    plan.recordPoll('fresh', found(0));
    plan.recordPoll('backlog', found(0));
    plan.wake(100);
    expect(plan.next(1, ROOM)).toEqual({ kind: 'sleep', untilMs: 75 });
    expect(plan.next(75, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 99 });
    plan.recordPoll('fresh', found(76));
    plan.wake(10);
    expect(plan.next(77, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 9 });
  });

  test('a timer that was stored while a look was under way is not forgotten with it', () => {
    const plan = make();
    plan.recordPoll('backlog', found(0));
    plan.wake(20);
    expect(plan.next(1, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 0 });
    // Stored after the claim's snapshot was taken, and due within its window.
    plan.wake(100);
    plan.recordPoll('fresh', found(1));
    expect(plan.next(5, ROOM)).toEqual({ kind: 'sleep', untilMs: 75 });
    expect(plan.next(75, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 99 });
    plan.recordPoll('fresh', found(75));
    expect(plan.next(80, ROOM)).toEqual({ kind: 'sleep', untilMs: 500 });
  });

  test('tells whether a stored timer makes the next look sooner', () => {
    const plan = make();
    plan.recordPoll('backlog', found(0));
    expect(plan.wake(1_000)).toBe(true);
    expect(plan.wake(2_000)).toBe(false);
    expect(plan.wake(1_000)).toBe(false);
    expect(plan.wake(500)).toBe(true);
    expect(plan.next(475, ROOM)).toMatchObject({ kind: 'fresh' });
    // That look is over: what comes next is no longer known.
    plan.recordPoll('fresh', found(500));
    expect(plan.wake(2_000)).toBe(true);
  });

  test('without look-ahead it sleeps to the due instant itself', () => {
    const plan = make(0);
    plan.recordPoll('backlog', found(0, { polledUpToMs: 0, nextDueMs: 40 }));
    expect(plan.next(1, ROOM)).toEqual({ kind: 'sleep', untilMs: 40 });
    expect(plan.next(40, ROOM)).toEqual({ kind: 'fresh', dueFromMs: 0 });
  });

  test('however long the looks take, every due instant is covered by a fresh one', () => {
    const lookMs = fc.integer({ min: 0, max: 120 });
    fc.assert(
      fc.property(fc.array(lookMs, { minLength: 2, maxLength: 30 }), (durations) => {
        const plan = make();
        plan.recordPoll('backlog', found(0, { nextDueMs: 251 }));
        let now = 0;
        let coveredUpToMs = 0;
        for (const duration of durations) {
          let look = plan.next(now, { fresh: true, backlog: false });
          while (look.kind === 'sleep') {
            now = look.untilMs;
            look = plan.next(now, { fresh: true, backlog: false });
          }
          expect(look.dueFromMs).toBeLessThanOrEqual(coveredUpToMs);
          coveredUpToMs = now + 250;
          plan.recordPoll('fresh', found(now, { nextDueMs: coveredUpToMs + 1 }));
          now += duration;
          expect(now).toBeLessThan(coveredUpToMs);
        }
      }),
    );
  });

  test('without room it looks for nothing', () => {
    const plan = make();
    plan.wake(1);
    expect(plan.next(10, { fresh: false, backlog: false })).toMatchObject({ kind: 'sleep' });
  });
});
