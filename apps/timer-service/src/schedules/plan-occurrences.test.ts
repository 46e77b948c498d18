import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  HORIZON_MS,
  LEAD_MS,
  MISSED_AFTER_MS,
  type OccurrenceFacts,
  type Plan,
  type PlanLimits,
  type PlannedSchedule,
  type PlannedSkip,
  planOccurrences,
  type SkipRun,
} from './plan-occurrences.ts';
import type { Recurrence } from './recurrence/index.ts';

const T0 = Date.UTC(2026, 10, 26, 12);
const LIMITS: PlanLimits = { maxCreate: 500, maxDecide: 1_000 };
const IDLE: OccurrenceFacts = { unfinished: false };
const BUSY: OccurrenceFacts = { unfinished: true };

const every = (ms: number, untilMs = Number.POSITIVE_INFINITY): Pick<Recurrence, 'next'> => ({
  next: (afterMs) => {
    const next = (Math.floor(afterMs / ms) + 1) * ms;
    return next > untilMs ? undefined : next;
  },
});

const scheduleOf = (changes: Partial<PlannedSchedule> = {}): PlannedSchedule => ({
  id: '0198c0de-0000-7000-8000-000000000001',
  overlap: 'allow',
  catchUp: 'latest',
  catchUpWindowMs: 86_400_000,
  catchUpSpacingMs: 100,
  jitterMs: 0,
  maxOccurrences: null,
  occurrences: 0,
  cursorMs: T0,
  bufferedForMs: null,
  catchUpUntilMs: null,
  openRun: null,
  resumed: null,
  pausedUntilMs: null,
  ...changes,
});

const at = (plan: Plan): number[] => plan.create.map(({ scheduledForMs }) => scheduledForMs - T0);
const runs = (plan: Plan): unknown[] =>
  plan.skips.map(({ fromMs, untilMs, count, reason }) => [fromMs - T0, untilMs - T0, count, reason]);

describe('occurrences in time', () => {
  test('are materialized up to the horizon, and due exactly at their instants', () => {
    const plan = planOccurrences(scheduleOf(), every(4_000), T0 + 1_500, IDLE, LIMITS);
    expect(at(plan)).toEqual([4_000, 8_000]);
    expect(plan.create.map(({ executeAtMs }) => executeAtMs - T0)).toEqual([4_000, 8_000]);
    expect(plan).toMatchObject({
      cursorMs: T0 + 8_000,
      nextMs: T0 + 12_000,
      materializeMs: T0 + 12_000 - LEAD_MS,
      more: false,
    });
  });

  test('that a pass finds a little late are due at once', () => {
    const [created] = planOccurrences(scheduleOf(), every(60_000), T0 + 62_000, IDLE, LIMITS).create;
    expect(created).toEqual({
      scheduledForMs: T0 + 60_000,
      executeAtMs: T0 + 62_001,
      origin: 'schedule',
      missed: 0,
    });
  });

  test('end with max_occurrences and with the recurrence', () => {
    const limited = scheduleOf({ maxOccurrences: 5, occurrences: 3 });
    expect(planOccurrences(limited, every(1_000), T0, IDLE, LIMITS)).toMatchObject({
      create: [{}, {}],
      nextMs: null,
      materializeMs: null,
    });
    expect(planOccurrences(scheduleOf(), every(1_000, T0 + 1_000), T0, IDLE, LIMITS)).toMatchObject({
      create: [{}],
      nextMs: null,
      materializeMs: null,
    });
  });

  test('are left for the next plan beyond the limit', () => {
    const plan = planOccurrences(scheduleOf(), every(1_000), T0 + 500, IDLE, { maxCreate: 3, maxDecide: 9 });
    expect(at(plan)).toEqual([1_000, 2_000, 3_000]);
    expect(plan).toMatchObject({ more: true, nextMs: T0 + 4_000, materializeMs: T0 + 500 });
  });

  test('have jitter that stays before the next occurrence and is the same each time', () => {
    const plan = planOccurrences(scheduleOf({ jitterMs: 60_000 }), every(3_000), T0, IDLE, LIMITS);
    const jitters = new Set(
      plan.create.map(({ executeAtMs, scheduledForMs }) => executeAtMs - scheduledForMs),
    );
    expect(jitters.size).toBe(1);
    const [jitter = -1] = jitters;
    expect(jitter).toBeGreaterThan(0);
    expect(jitter).toBeLessThan(3_000);
  });
});

describe('missed occurrences', () => {
  const nowMs = T0 + 100_000;
  const missed = (changes: Partial<PlannedSchedule>, limits = LIMITS): Plan =>
    planOccurrences(scheduleOf(changes), every(10_000), nowMs, IDLE, limits);

  test('none: one run of skips', () => {
    const plan = missed({ catchUp: 'none' });
    expect(runs(plan)).toEqual([[10_000, 80_000, 8, 'missed']]);
    expect(at(plan)).toEqual([90_000, 100_000, 110_000]);
  });

  test('latest: the newest one stands for all', () => {
    const plan = missed({ catchUp: 'latest' });
    expect(runs(plan)).toEqual([[10_000, 70_000, 7, 'missed']]);
    expect(plan.create[0]).toEqual({
      scheduledForMs: T0 + 80_000,
      executeAtMs: nowMs + 1,
      origin: 'catch_up',
      missed: 7,
    });
    expect(plan.create[1]).toMatchObject({ scheduledForMs: T0 + 90_000, origin: 'schedule', missed: 0 });
  });

  test('latest: the count goes on over plans that are cut off', () => {
    let schedule = scheduleOf();
    const limits = { maxCreate: 500, maxDecide: 3 };
    const created: unknown[] = [];
    let runCount = 0;
    for (let more = true; more;) {
      const plan = planOccurrences(schedule, every(10_000), nowMs, IDLE, limits);
      runCount += plan.skips.reduce((sum, { count }) => sum + count, 0);
      created.push(...plan.create.map(({ origin, missed: number }) => [origin, number]));
      schedule = {
        ...schedule,
        cursorMs: plan.cursorMs,
        openRun:
          plan.skippingFromMs === null
            ? null
            : { fromMs: plan.skippingFromMs, count: runCount, reason: 'missed' },
      };
      ({ more } = plan);
    }
    expect(runCount).toBe(7);
    expect(created[0]).toEqual(['catch_up', 7]);
  });

  test('all: within the window, spaced, while those in time do not wait', () => {
    const plan = missed({ catchUp: 'all', catchUpWindowMs: 70_000, catchUpSpacingMs: 20_000 });
    expect(runs(plan)).toEqual([[10_000, 20_000, 2, 'outside_catch_up_window']]);
    expect(plan.create.map(({ origin, executeAtMs }) => [origin, executeAtMs - nowMs])).toEqual([
      ['catch_up', 1],
      ['catch_up', 20_001],
      ['catch_up', 40_001],
      ['catch_up', 60_001],
      ['catch_up', 80_001],
      ['catch_up', 100_001],
      ['schedule', 1],
      ['schedule', 1],
      ['schedule', 10_000],
    ]);
    expect(plan.catchUpUntilMs).toBe(nowMs + 100_001);
  });
});

describe('overlap', () => {
  const plan = (changes: Partial<PlannedSchedule>, nowMs: number, facts: OccurrenceFacts): Plan =>
    planOccurrences(scheduleOf(changes), every(60_000), nowMs, facts, LIMITS);

  test('skip: materializes ahead while nothing is unfinished, otherwise decides at the instant', () => {
    const ahead = plan({ overlap: 'skip' }, T0 + 55_000, IDLE);
    expect(at(ahead)).toEqual([60_000]);
    const early = plan({ overlap: 'skip' }, T0 + 55_000, BUSY);
    expect(early).toMatchObject({ create: [], skips: [], materializeMs: T0 + 60_000 });
    const skipped = plan({ overlap: 'skip' }, T0 + 60_000, BUSY);
    expect(runs(skipped)).toEqual([[60_000, 60_000, 1, 'overlap']]);
    expect(at(plan({ overlap: 'skip' }, T0 + 60_000, IDLE))).toEqual([60_000]);
  });

  test('buffer_one: holds one, skips further ones, and creates it when the predecessor has finished', () => {
    const first = plan({ overlap: 'buffer_one' }, T0 + 60_000, BUSY);
    expect(first).toMatchObject({ create: [], skips: [], bufferedForMs: T0 + 60_000 });
    expect(first.materializeMs).toBe(T0 + 60_500);
    const buffered = { overlap: 'buffer_one', bufferedForMs: T0 + 60_000, cursorMs: T0 + 60_000 } as const;
    expect(runs(plan(buffered, T0 + 120_000, BUSY))).toEqual([[120_000, 120_000, 1, 'overlap']]);
    const freed = plan(buffered, T0 + 100_000, IDLE);
    expect(freed).toMatchObject({
      create: [{ scheduledForMs: T0 + 60_000, executeAtMs: T0 + 100_001, origin: 'schedule' }],
      bufferedForMs: null,
      nextMs: T0 + 120_000,
    });
  });

  test('buffer_one: an edit to allow creates it at once', () => {
    const freed = plan({ overlap: 'allow', bufferedForMs: T0, cursorMs: T0 }, T0 + 1_000, BUSY);
    expect(at(freed)).toEqual([0]);
  });

  test('cancel_previous: cancels the predecessor in the table, and creates only the last of several', () => {
    const one = plan({ overlap: 'cancel_previous' }, T0 + 60_000, BUSY);
    expect(one).toMatchObject({ cancelPrevious: true, create: [{ scheduledForMs: T0 + 60_000 }] });
    const several = plan({ overlap: 'cancel_previous', catchUp: 'all' }, T0 + 240_000, IDLE);
    expect(several.cancelPrevious).toBe(false);
    expect(at(several)).toEqual([240_000]);
    expect(runs(several)).toEqual([[60_000, 180_000, 3, 'overlap']]);
  });
});

describe('after a pause', () => {
  const resumed = (catchUp: 'none' | 'latest' | 'all'): Plan =>
    planOccurrences(
      scheduleOf({ resumed: { atMs: T0 + 35_000, catchUp } }),
      every(10_000),
      T0 + 36_000,
      IDLE,
      LIMITS,
    );

  test('none: what was missed is skipped, however short ago', () => {
    const plan = resumed('none');
    expect(runs(plan)).toEqual([[10_000, 30_000, 3, 'paused']]);
    expect(at(plan)).toEqual([40_000]);
    expect(plan.resumed).toBeNull();
  });

  test('latest and all: it is delivered late', () => {
    expect(resumed('latest').create[0]).toMatchObject({
      scheduledForMs: T0 + 30_000,
      origin: 'catch_up',
      missed: 2,
    });
    expect(at(resumed('all'))).toEqual([10_000, 20_000, 30_000, 40_000]);
  });

  test('that ends by itself, a buffered occurrence is skipped with the others', () => {
    const schedule = scheduleOf({
      overlap: 'buffer_one',
      bufferedForMs: T0,
      pausedUntilMs: T0 + 25_000,
    });
    const plan = planOccurrences(schedule, every(10_000), T0 + 25_010, IDLE, LIMITS);
    expect(runs(plan)).toEqual([
      [0, 0, 1, 'paused'],
      [10_000, 20_000, 2, 'paused'],
    ]);
    expect(at(plan)).toEqual([30_000]);
  });
});

/** What happens between two passes of the property test. */
interface Pass {
  readonly afterMs: number;
  readonly finishes: boolean;
}

/** A schedule in a database that applies plans as the statement does. */
class Simulation {
  schedule: PlannedSchedule;
  nowMs = T0;
  /** When each occurrence is due. */
  readonly created = new Map<number, { dueMs: number; finished: boolean; canceled: boolean }>();
  readonly skips = new Map<number, PlannedSkip>();
  readonly early: number[] = [];
  readonly double: number[] = [];

  constructor(schedule: PlannedSchedule) {
    this.schedule = schedule;
  }

  pass(recurrence: Pick<Recurrence, 'next'>, limits: PlanLimits): Plan {
    const unfinished = [...this.created.values()].some((each) => !each.finished && !each.canceled);
    const plan = planOccurrences(this.schedule, recurrence, this.nowMs, { unfinished }, limits);
    if (plan.cancelPrevious)
      for (const each of this.created.values()) if (!each.finished) each.canceled = true;
    for (const { scheduledForMs, executeAtMs } of plan.create) {
      if (this.created.has(scheduledForMs)) this.double.push(scheduledForMs);
      if (executeAtMs < scheduledForMs || executeAtMs <= this.nowMs) this.early.push(scheduledForMs);
      this.created.set(scheduledForMs, { dueMs: executeAtMs, finished: false, canceled: false });
    }
    for (const skip of plan.skips) {
      const known = this.skips.get(skip.fromMs);
      this.skips.set(skip.fromMs, { ...skip, count: skip.count + (known?.count ?? 0) });
    }
    this.schedule = {
      ...this.schedule,
      cursorMs: plan.cursorMs,
      bufferedForMs: plan.bufferedForMs,
      catchUpUntilMs: plan.catchUpUntilMs,
      resumed: plan.resumed,
      occurrences: this.created.size,
      openRun: plan.skippingFromMs === null ? null : this.#runAt(plan.skippingFromMs),
    };
    return plan;
  }

  finish(): void {
    for (const each of this.created.values()) if (each.dueMs <= this.nowMs) each.finished = true;
  }

  #runAt(fromMs: number): SkipRun {
    const run = this.skips.get(fromMs);
    if (run === undefined) throw new Error('the open run was not recorded');
    return run;
  }
}

const passArb: fc.Arbitrary<Pass> = fc.record({
  afterMs: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 4_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 * MISSED_AFTER_MS }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
  ),
  finishes: fc.boolean(),
});

const scheduleArb = fc.record({
  overlap: fc.constantFrom('allow', 'skip', 'buffer_one', 'cancel_previous'),
  catchUp: fc.constantFrom('none', 'latest', 'all'),
  catchUpWindowMs: fc.constantFrom(20_000, 86_400_000),
  catchUpSpacingMs: fc.constantFrom(0, 100),
  jitterMs: fc.constantFrom(0, 700, 5_000),
  maxOccurrences: fc.constantFrom(null, null, 7),
} as const);

test('whatever the passes, each occurrence is decided exactly once, in order, and none is early', () => {
  fc.assert(
    fc.property(
      scheduleArb,
      fc.constantFrom(1_000, 2_500, 7_000, 61_000),
      fc.record({ maxCreate: fc.integer({ min: 1, max: 20 }), maxDecide: fc.integer({ min: 1, max: 40 }) }),
      fc.array(passArb, { minLength: 1, maxLength: 40 }),
      (fields, everyMs, limits, passes) => {
        const simulation = new Simulation(scheduleOf(fields));
        const recurrence = every(everyMs);
        for (const { afterMs, finishes } of passes) {
          simulation.nowMs += afterMs;
          if (finishes) simulation.finish();
          let plan = simulation.pass(recurrence, limits);
          for (let rounds = 0; plan.more; rounds += 1) {
            expect(rounds).toBeLessThan(1_000);
            plan = simulation.pass(recurrence, limits);
          }
          expect(plan.materializeMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(simulation.nowMs);
        }
        const { schedule, created, skips, early, double, nowMs } = simulation;
        expect(early).toEqual([]);
        expect(double).toEqual([]);
        const decided = Math.floor(schedule.cursorMs / everyMs) - Math.floor(T0 / everyMs);
        const skipped = [...skips.values()].reduce((sum, { count }) => sum + count, 0);
        const buffered = schedule.bufferedForMs === null ? 0 : 1;
        expect(created.size + skipped + buffered).toBe(decided);
        if (fields.maxOccurrences === null) {
          // Nothing up to now is left undecided.
          expect(schedule.cursorMs + everyMs).toBeGreaterThan(nowMs);
          if (fields.overlap === 'allow')
            expect(schedule.cursorMs + everyMs).toBeGreaterThan(nowMs + HORIZON_MS);
        } else expect(created.size).toBeLessThanOrEqual(fields.maxOccurrences);
        if (fields.overlap === 'skip' || fields.overlap === 'buffer_one') {
          const unfinished = [...created.values()].filter((each) => !each.finished);
          expect(unfinished.length).toBeLessThanOrEqual(1);
        }
        for (const skip of skips.values()) {
          expect(Math.round((skip.untilMs - skip.fromMs) / everyMs) + 1).toBe(skip.count);
          for (const atMs of created.keys()) expect(atMs >= skip.fromMs && atMs <= skip.untilMs).toBe(false);
        }
      },
    ),
    { numRuns: 500 },
  );
});
