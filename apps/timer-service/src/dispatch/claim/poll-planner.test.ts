import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PollPlanner, type PollResult } from './poll-planner.ts';

const CAPACITY = { due: true, backlog: true };
const BEGINNING = Number.NEGATIVE_INFINITY;

function make(lookAheadMs = 250) {
  return new PollPlanner({ lookAheadMs, batch: 100 }, 0);
}

/** The result of a poll that began at this instant. */
function pollResult(beganMs: number, more: Partial<PollResult> = {}): PollResult {
  return {
    batchFull: false,
    tookMs: 2,
    polledUpToMs: beganMs + 250,
    lastDueMs: null,
    nextDueMs: null,
    ...more,
  };
}

describe('PollPlanner', () => {
  test('starts with everything that is due, no matter how old', () => {
    expect(make().next(0, CAPACITY)).toEqual({ kind: 'backlog', dueFromMs: BEGINNING });
  });

  test('continues after the last timer of a full batch and stops after a batch that is not full', () => {
    const planner = make();
    planner.recordPoll('backlog', pollResult(1, { batchFull: true, lastDueMs: -700 }));
    expect(planner.next(1, CAPACITY)).toEqual({ kind: 'backlog', dueFromMs: -700 });
    planner.recordPoll('backlog', pollResult(2));
    // A full batch does not reveal when the next timer is due, so a due poll follows soon.
    expect(planner.next(2, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 101 });
    planner.recordPoll('due', pollResult(101));
    expect(planner.next(102, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 500 });
  });

  test('polls one poll-ahead before the next due instant', () => {
    const planner = make();
    planner.recordPoll('backlog', pollResult(0, { nextDueMs: 400 }));
    expect(planner.next(1, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 150 });
    expect(planner.next(150, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 0 });
  });

  test('a due poll starts where the previous one ended', () => {
    const planner = make();
    planner.recordPoll('backlog', pollResult(0, { nextDueMs: 300 }));
    planner.recordPoll('due', pollResult(100, { nextDueMs: 360 }));
    // Not at 110: there is time before the due instant, so a larger batch is worth waiting for.
    expect(planner.next(101, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 200 });
    expect(planner.next(200, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 350 });
  });

  test('the rest of a full due batch is backlog, and due polls continue alongside', () => {
    const planner = make();
    planner.recordPoll('backlog', pollResult(0));
    planner.recordPoll('due', pollResult(100, { batchFull: true, lastDueMs: 120 }));
    expect(planner.next(101, CAPACITY)).toEqual({ kind: 'backlog', dueFromMs: 120 });
    expect(planner.next(101, { due: true, backlog: false })).toEqual({ kind: 'sleep', untilMs: 200 });
    expect(planner.next(200, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 350 });
  });

  test('searches for timers without a notification twice a second, for everything every two seconds', () => {
    const planner = make();
    const polls: [number, unknown][] = [];
    planner.recordPoll('backlog', pollResult(0));
    for (let now = 1; now <= 2_100; now += 1) {
      const poll = planner.next(now, CAPACITY);
      if (poll.kind === 'sleep') continue;
      polls.push([now, poll.dueFromMs]);
      planner.recordPoll(poll.kind, pollResult(now));
    }
    expect(polls).toEqual([
      [500, -500],
      [1_000, 0],
      [1_500, 500],
      [2_000, BEGINNING],
    ]);
  });

  test('searches for everything less often if that takes long, but at least every ten seconds', () => {
    const fullPolls = (tookMs: number) => {
      const planner = make();
      const at: number[] = [];
      for (let now = 0; now <= 30_000; now += 1) {
        const poll = planner.next(now, CAPACITY);
        if (poll.kind === 'sleep') continue;
        if (poll.dueFromMs === BEGINNING) at.push(now);
        planner.recordPoll(poll.kind, pollResult(now, { tookMs: poll.dueFromMs === BEGINNING ? tookMs : 1 }));
      }
      return at.slice(0, 3);
    };
    expect(fullPolls(5)).toEqual([0, 2_000, 4_000]);
    expect(fullPolls(100)).toEqual([0, 5_000, 10_000]);
    expect(fullPolls(5_000)).toEqual([0, 10_000, 20_000]);
  });

  test('polls in time after a notification, even for a timer due before the last poll ended', () => {
    const planner = make();
    planner.recordPoll('due', pollResult(0));
    planner.recordPoll('backlog', pollResult(0));
    planner.wake(100);
    expect(planner.next(1, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 75 });
    expect(planner.next(75, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 99 });
    planner.recordPoll('due', pollResult(76));
    planner.wake(10);
    expect(planner.next(77, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 9 });
  });

  test('keeps a notification that arrives during a poll', () => {
    const planner = make();
    planner.recordPoll('backlog', pollResult(0));
    planner.wake(20);
    expect(planner.next(1, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 0 });
    // Stored after the claim's snapshot was taken, and due within its window.
    planner.wake(100);
    planner.recordPoll('due', pollResult(1));
    expect(planner.next(5, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 75 });
    expect(planner.next(75, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 99 });
    planner.recordPoll('due', pollResult(75));
    expect(planner.next(80, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 500 });
  });

  test('wake returns whether the next poll is earlier than before', () => {
    const planner = make();
    planner.recordPoll('backlog', pollResult(0));
    expect(planner.wake(1_000)).toBe(true);
    expect(planner.wake(2_000)).toBe(false);
    expect(planner.wake(1_000)).toBe(false);
    expect(planner.wake(500)).toBe(true);
    expect(planner.next(475, CAPACITY)).toMatchObject({ kind: 'due' });
    // After this poll the next due instant is unknown.
    planner.recordPoll('due', pollResult(500));
    expect(planner.wake(2_000)).toBe(true);
  });

  test('without poll-ahead it sleeps until the due instant', () => {
    const planner = make(0);
    planner.recordPoll('backlog', pollResult(0, { polledUpToMs: 0, nextDueMs: 40 }));
    expect(planner.next(1, CAPACITY)).toEqual({ kind: 'sleep', untilMs: 40 });
    expect(planner.next(40, CAPACITY)).toEqual({ kind: 'due', dueFromMs: 0 });
  });

  test('due polls cover every due instant, no matter how long they take', () => {
    const durationMs = fc.integer({ min: 0, max: 120 });
    fc.assert(
      fc.property(fc.array(durationMs, { minLength: 2, maxLength: 30 }), (durations) => {
        const planner = make();
        planner.recordPoll('backlog', pollResult(0, { nextDueMs: 251 }));
        let now = 0;
        let coveredUpToMs = 0;
        for (const duration of durations) {
          let poll = planner.next(now, { due: true, backlog: false });
          while (poll.kind === 'sleep') {
            now = poll.untilMs;
            poll = planner.next(now, { due: true, backlog: false });
          }
          expect(poll.dueFromMs).toBeLessThanOrEqual(coveredUpToMs);
          coveredUpToMs = now + 250;
          planner.recordPoll('due', pollResult(now, { nextDueMs: coveredUpToMs + 1 }));
          now += duration;
          expect(now).toBeLessThan(coveredUpToMs);
        }
      }),
    );
  });

  test('does not poll without capacity', () => {
    const planner = make();
    planner.wake(1);
    expect(planner.next(10, { due: false, backlog: false })).toMatchObject({ kind: 'sleep' });
  });
});
