import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type SimulatedTimer, simulatePolls } from '../testing/poll-simulation.ts';
import { PollPlanner, type PollResult } from './poll-planner.ts';

const ENOUGH = { recent: true, backlog: true };
const BEGINNING = Number.NEGATIVE_INFINITY;
const NOTHING = { more: false, reachedMs: null };

/** What an empty poll returns that began at this instant of both clocks. */
function emptyPoll(beganMs: number, more: Partial<PollResult> = {}): PollResult {
  return {
    recent: NOTHING,
    backlog: NOTHING,
    polledUpToMs: beganMs + 250,
    nextDueMs: null,
    endedMonotonicMs: beganMs + 2,
    ...more,
  };
}

function at(ms: number) {
  return { databaseMs: ms, monotonicMs: ms };
}

/** A planner that has made its first poll at 0. */
function make(more: Partial<PollResult> = {}) {
  const planner = new PollPlanner(250, at(0));
  const decision = planner.next(at(0), ENOUGH);
  if (decision.kind === 'sleep') throw new Error('a new planner polls at once');
  planner.recordPoll(decision, 0, emptyPoll(0, more));
  return planner;
}

function longestWait(
  timers: readonly SimulatedTimer[],
  simulation: Partial<Parameters<typeof simulatePolls>[0]> = {},
) {
  const { claims } = simulatePolls({ claimMs: [5], ...simulation, timers });
  expect(claims).toHaveLength(timers.length);
  return Math.max(...claims.map(({ waitedMs }) => waitedMs));
}

describe('PollPlanner', () => {
  test('starts with everything that is due, no matter how old, and with what is due soon', () => {
    expect(new PollPlanner(250, at(0)).next(at(0), ENOUGH)).toEqual({
      kind: 'poll',
      backlog: { fromMs: BEGINNING, toMs: 0 },
      recent: { fromMs: -1_250, toMs: Number.POSITIVE_INFINITY },
    });
  });

  test('the two ranges have capacity of their own', () => {
    const planner = new PollPlanner(250, at(0));
    expect(planner.next(at(0), { recent: false, backlog: true })).toMatchObject({ recent: undefined });
    expect(planner.next(at(0), { recent: true, backlog: false })).toMatchObject({ backlog: undefined });
    expect(planner.next(at(0), { recent: false, backlog: false })).toMatchObject({ kind: 'sleep' });
  });

  test('polls one look-ahead before the next timer that it knows of', () => {
    const planner = make({ nextDueMs: 450 });
    expect(planner.next(at(10), ENOUGH)).toEqual({ kind: 'sleep', forMs: 190 });
    expect(planner.next(at(120), ENOUGH)).toEqual({ kind: 'sleep', forMs: 80 });
    expect(planner.next(at(200), ENOUGH)).toMatchObject({ kind: 'poll', recent: { toMs: Infinity } });
  });

  test('rechecks what was polled, and moves on, every quarter of a second', () => {
    const planner = make();
    expect(planner.next(at(10), ENOUGH)).toEqual({ kind: 'sleep', forMs: 240 });
    expect(planner.next(at(250), ENOUGH)).toEqual({
      kind: 'poll',
      backlog: { fromMs: BEGINNING, toMs: 250 },
      recent: { fromMs: -1_000, toMs: Number.POSITIVE_INFINITY },
    });
  });

  test('a search of the whole table that takes long is repeated less often', () => {
    const planner = make({ endedMonotonicMs: 100 });
    expect(planner.next(at(300), ENOUGH)).toMatchObject({ kind: 'poll', backlog: undefined });
  });

  test('goes on at once where a full batch ended, if what is left is not due yet', () => {
    const planner = make({ recent: { more: true, reachedMs: 120 } });
    expect(planner.next(at(3), ENOUGH)).toMatchObject({ recent: { fromMs: 120 }, backlog: undefined });
  });

  test('what a full batch leaves that is overdue takes turns with what lies beyond', () => {
    const planner = make({ recent: { more: true, reachedMs: -5 } });
    const reached = (fromMs: number, ms: number) => {
      const decision = planner.next(at(ms), ENOUGH);
      expect(decision).toEqual({ kind: 'poll', recent: { fromMs, toMs: Infinity }, backlog: undefined });
      return (reachedMs: number) => {
        if (decision.kind === 'sleep') return;
        planner.recordPoll(decision, ms, emptyPoll(ms, { recent: { more: reachedMs < ms, reachedMs } }));
      };
    };
    reached(0, 3)(300);
    reached(-5, 5)(-3);
    reached(253, 7)(300);
    reached(-3, 9)(300);
    expect(planner.next(at(11), ENOUGH)).toMatchObject({ kind: 'sleep' });
  });

  test('polls for a timer that it was told of, shortly before it is due', () => {
    const planner = make();
    expect(planner.wake(100)).toBe(true);
    expect(planner.wake(120)).toBe(false);
    expect(planner.next(at(10), ENOUGH)).toEqual({ kind: 'sleep', forMs: 65 });
    expect(planner.next(at(75), ENOUGH)).toEqual({
      kind: 'poll',
      recent: { fromMs: 100, toMs: 120 },
      backlog: undefined,
    });
  });

  test('keeps what it was told of during a poll', () => {
    const planner = make();
    planner.wake(100);
    const decision = planner.next(at(80), ENOUGH);
    planner.wake(90);
    if (decision.kind === 'poll') planner.recordPoll(decision, 80, emptyPoll(80));
    expect(planner.next(at(90), ENOUGH)).toMatchObject({ recent: { fromMs: 90, toMs: 90 } });
  });

  test('polls again for what a failed poll took on', () => {
    const planner = make();
    planner.wake(100);
    const decision = planner.next(at(80), ENOUGH);
    if (decision.kind === 'poll') planner.pollFailed(decision);
    expect(planner.next(at(81), ENOUGH)).toEqual(decision);
  });

  test('a step of the clock back starts again at the new time', () => {
    const planner = make();
    const decision = planner.next(at(250), ENOUGH);
    if (decision.kind === 'poll')
      planner.recordPoll(decision, 250, emptyPoll(-60_000, { endedMonotonicMs: 252 }));
    expect(planner.next({ databaseMs: -60_000, monotonicMs: 500 }, ENOUGH)).toMatchObject({
      recent: { fromMs: -61_000 },
    });
  });
});

describe('no timer waits long', () => {
  const timer = fc.record({
    storedMs: fc.integer({ min: 0, max: 5_000 }),
    aheadMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 300, max: 4_000 })),
    told: fc.boolean(),
  });
  const timers = fc
    .array(timer, { minLength: 1, maxLength: 150 })
    .map((list): SimulatedTimer[] =>
      list.map(({ storedMs, aheadMs, told }) => ({ storedMs, dueMs: storedMs + aheadMs, told })),
    );
  const claimMs = fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 10 });

  test('whatever arrives, told or not, while claims keep up', () => {
    fc.assert(
      fc.property(timers, claimMs, (arrivals, durations) => {
        expect(longestWait(arrivals, { claimMs: durations })).toBeLessThan(1_000);
      }),
    );
  });

  test('beside a herd at one instant, a backlog, and a load that fills every claim', () => {
    const herd = Array.from({ length: 400 }, () => ({ storedMs: 0, dueMs: 3_000, told: false }));
    const overdue = Array.from({ length: 6_000 }, (_, n) => ({
      storedMs: 0,
      dueMs: n - 60_000,
      told: false,
    }));
    const load = Array.from({ length: 3_000 }, (_, n) => ({
      storedMs: n * 2,
      dueMs: n * 2 + 100,
      told: true,
    }));
    fc.assert(
      fc.property(timers, (arrivals) => {
        const { claims } = simulatePolls({
          claimMs: [8],
          timers: [...herd, ...overdue, ...load, ...arrivals],
        });
        const own = new Set(arrivals);
        const waits = claims.filter((claim) => own.has(claim.timer)).map(({ waitedMs }) => waitedMs);
        expect(waits).toHaveLength(arrivals.length);
        expect(Math.max(...waits)).toBeLessThan(1_000);
      }),
      { numRuns: 20 },
    );
  });

  test('when the clock of the database is set', () => {
    const steps = fc.array(
      fc.record({ atMs: fc.integer({ min: 0, max: 5_000 }), byMs: fc.integer({ min: -3_000, max: 3_000 }) }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(timers, steps, (arrivals, clockSteps) => {
        expect(longestWait(arrivals, { clockSteps })).toBeLessThan(1_000);
      }),
    );
  });

  test('the bound depends on claims that keep up', () => {
    // The control of the tests above.
    const load = Array.from({ length: 400 }, (_, n) => ({ storedMs: 0, dueMs: n, told: false }));
    expect(longestWait(load, { claimMs: [200] })).toBeGreaterThan(1_000);
  });
});
