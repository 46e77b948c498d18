import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CatchUp, Overlap } from '@timer-platform/callback-types';
import {
  connect,
  type Database,
  deleteSchedule,
  editSchedule,
  findSchedule,
  findScheduleToPlan,
  insertOccurrences,
  insertSchedule,
  newTimerId,
  NO_HEADER_KEYS,
  pauseSchedule,
  resumeSchedule,
  type ScheduleContent,
  type ScheduleRow,
} from '@timer-platform/database';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import fc from 'fast-check';
import { type DecideOptions, decideSchedule } from '../schedules/decide-schedule.ts';
import { occurrenceId } from '../schedules/occurrence-id.ts';
import { compileRecurrence } from '../schedules/recurrence/index.ts';
import { materializePass, type PassOptions } from './materialize-pass.ts';
import { type ScheduleStatements, scheduleStatements } from './statements.ts';
import { MOVABLE_CLOCK, onMovableClock } from './testing/movable-clock.ts';

let db: Database;
afterAll(() => db.close());
const database = withTestDatabase();

beforeAll(async () => {
  await database.query(MOVABLE_CLOCK);
  db = connect({
    url: onMovableClock(database.url),
    applicationName: 'schedule-state-machine.test',
    poolSize: 4,
    onIdleError: () => undefined,
  });
});

async function rowsOf<Row extends Record<string, unknown>>(text: string, values: unknown[] = []) {
  return (await database.query<Row>(text, values)).rows;
}

/** What a run can do. Two materializers read and write separately, so that anything can happen in between. */
type Step =
  /** A plan that was read is written while a request runs: who is first is up to the locks. */
  | { readonly do: 'race'; readonly who: 0 | 1; readonly request: Step }
  | { readonly do: 'read' | 'write' | 'pass'; readonly who: 0 | 1 }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'edit'; readonly content: Content }
  | { readonly do: 'resume'; readonly catchUp: CatchUp }
  | { readonly do: 'backfill'; readonly agoMs: number }
  | { readonly do: 'pause' | 'delete' | 'trigger' | 'deliver' };

interface Content {
  readonly everyMs: number;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
}

const contentArb: fc.Arbitrary<Content> = fc.record({
  everyMs: fc.constantFrom(1_000, 2_000, 5_000),
  overlap: fc.constantFrom('allow', 'allow', 'allow', 'skip', 'buffer_one', 'cancel_previous'),
  catchUp: fc.constantFrom('none', 'latest', 'all'),
});
const whoArb = fc.constantFrom(0 as const, 1 as const);
const oneStepArb: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('read' as const, 'write' as const), who: whoArb }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), who: whoArb }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 6_000 }), fc.constantFrom(400, 1_000, 25_000)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), content: contentArb }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('resume' as const),
      catchUp: fc.constantFrom('none' as const, 'latest' as const, 'all' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('backfill' as const),
      agoMs: fc.integer({ min: 0, max: 20_000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('pause' as const, 'trigger' as const, 'deliver' as const, 'deliver' as const),
    }),
  },
);

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: oneStepArb },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('race' as const), who: whoArb, request: oneStepArb }) },
);

/** Instants from which one content decides. */
interface Segment {
  readonly version: number;
  readonly content: Content;
  readonly fromMs: number;
  readonly toMs: number;
}

interface StoredOccurrence {
  readonly id: string;
  readonly atMs: number;
  readonly executeAtMs: number;
  readonly status: string;
  readonly withdrawn: boolean | null;
  readonly origin: string;
  readonly version: number;
}

const REQUESTS = { edit: true, pause: true, resume: true, delete: true, trigger: true, backfill: true };

const KEY = { client: 'test', key: 'schedule' };
const T0 = Date.UTC(2030, 0, 1);
const noEvents: PassOptions['observer'] = {
  decided: () => undefined,
  lost: () => undefined,
  paused: () => undefined,
  postponed: () => undefined,
  replanned: () => undefined,
  databaseError: () => undefined,
};

const instantsOf = (everyMs: number, afterMs: number, toMs: number): number[] => {
  const found: number[] = [];
  for (let at = (Math.floor(afterMs / everyMs) + 1) * everyMs; at <= toMs; at += everyMs) found.push(at);
  return found;
};

/** A schedule in the database, and what must be true of it. */
class Run {
  readonly decide: Omit<DecideOptions, 'limits'> = {
    compile: compileRecurrence,
    headerKeys: NO_HEADER_KEYS,
    timeZoneData: '2026a',
  };
  readonly #held: ((() => Promise<void>) | undefined)[] = [undefined, undefined];
  nowMs = T0;
  version = 0;
  content: Content;
  /** The content decides from here on. */
  #fromMs = T0;
  #closed: Segment[] = [];
  #pausedAtMs: number | undefined;
  #isDeleted = false;
  /** Pending ones that a pause or an edit has left alone: they were requested while it was paused. */
  readonly #requested = new Set<string>();
  #canceledUntilMs = 0;

  /** What the materializers write with. */
  readonly #statements: ScheduleStatements;

  constructor(content: Content, statements = scheduleStatements(db)) {
    this.content = content;
    this.#statements = statements;
  }

  async begin(): Promise<void> {
    await database.query('TRUNCATE schedules, schedule_skips, timers, timer_attempts, claim_batches');
    await this.#moveTo(T0);
    await insertSchedule(db, KEY, this.#stored(), 10);
  }

  async do(step: Step): Promise<void> {
    switch (step.do) {
      case 'read':
        await this.#read(step.who);
        break;
      case 'write':
        await this.#write(step.who);
        break;
      case 'pass':
        await this.#read(step.who);
        await this.#write(step.who);
        break;
      case 'advance':
        await this.#moveTo(this.nowMs + step.ms);
        break;
      case 'deliver':
        await database.query(
          "UPDATE timers SET status = 'completed', attempts = 1 WHERE status = 'pending' AND execute_at <= (SELECT instant FROM movable.clock)",
        );
        break;
      case 'race': {
        const { request, who } = step;
        await this.#read(who);
        await Promise.all([
          this.#write(who),
          request.do in REQUESTS && !this.#isDeleted && this.#request(request),
        ]);
        break;
      }
      case 'backfill':
      case 'delete':
      case 'edit':
      case 'pause':
      case 'resume':
      case 'trigger':
        if (!this.#isDeleted) await this.#request(step);
    }
    await this.#check();
  }

  async #request(step: Step): Promise<void> {
    switch (step.do) {
      case 'edit':
        await this.#edit(step.content);
        break;
      case 'pause':
        await this.#pause();
        break;
      case 'resume':
        if (await resumeSchedule(db, KEY, step.catchUp)) this.#pausedAtMs = undefined;
        break;
      case 'delete':
        await deleteSchedule(db, KEY);
        this.#isDeleted = true;
        this.#requested.clear();
        break;
      case 'trigger':
        await this.#insert('trigger', [{ id: newTimerId(), atMs: this.nowMs }]);
        break;
      case 'backfill': {
        const { id } = await this.#row();
        const instants = instantsOf(this.content.everyMs, this.nowMs - step.agoMs, this.nowMs);
        await this.#insert(
          'backfill',
          instants.map((atMs) => ({ id: occurrenceId(id, atMs), atMs })),
        );
        break;
      }
      case 'advance':
      case 'deliver':
      case 'pass':
      case 'race':
      case 'read':
      case 'write':
    }
  }

  /** Reads and plans; the plan is written later, if at all. */
  async #read(who: 0 | 1): Promise<void> {
    const statements = this.#statements;
    let reached: (() => void) | undefined;
    let release: (() => void) | undefined;
    const hasRead = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const mayWrite = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: ScheduleStatements = {
      ...statements,
      materialize: async (decisions) => {
        reached?.();
        await mayWrite;
        return statements.materialize(decisions);
      },
    };
    const pass = materializePass({
      statements: slow,
      decide: this.decide,
      observer: noEvents,
      onStored: () => undefined,
    });
    await Promise.race([hasRead, pass]);
    await this.#write(who);
    this.#held[who] = async () => {
      release?.();
      await pass;
    };
  }

  async #write(who: 0 | 1): Promise<void> {
    const held = this.#held[who];
    this.#held[who] = undefined;
    await held?.();
  }

  async #moveTo(nowMs: number): Promise<void> {
    this.nowMs = nowMs;
    await database.query('UPDATE movable.clock SET instant = $1', [new Date(nowMs)]);
  }

  async #row(): Promise<ScheduleRow> {
    const row = await findSchedule(db, KEY);
    if (row === undefined) throw new Error('the schedule is gone');
    return row;
  }

  /** As the API does it: the old content decides what is due, then the edit is fenced. */
  async #edit(content: Content): Promise<void> {
    for (;;) {
      const row = await this.#row();
      let decidedUntil: Date | undefined;
      if (row.paused_at === null) {
        const due = await findScheduleToPlan(db, row.id);
        const step =
          due && decideSchedule(due, { ...this.decide, limits: { maxCreate: 500, maxDecide: 1_000 } });
        if (due === undefined || step?.kind !== 'write') throw new Error('the schedule cannot be decided');
        const nextMs =
          instantsOf(this.content.everyMs, due.cursorMs, due.cursorMs + this.content.everyMs)[0] ?? 0;
        if (nextMs <= this.nowMs) {
          await scheduleStatements(db).materialize([step.decision]);
          continue;
        }
        decidedUntil = new Date(nextMs);
      }
      this.version += 1;
      const next = this.#stored(content);
      if ((await editSchedule(db, row, next, decidedUntil)) === undefined) {
        this.version -= 1;
        continue;
      }
      if (row.paused_at === null) this.#close(this.nowMs, this.version - 1);
      this.content = content;
      return;
    }
  }

  async #pause(): Promise<void> {
    const result = await pauseSchedule(db, KEY, null, null);
    if (result === undefined) throw new Error('the schedule was not paused');
    this.#requested.clear();
    this.#canceledUntilMs = this.nowMs;
    if (this.#pausedAtMs !== undefined) return;
    this.#pausedAtMs = this.nowMs;
    const { cursor_at: cursorAt } = await this.#row();
    this.#close(new Date(cursorAt).getTime(), this.version);
  }

  async #insert(origin: 'trigger' | 'backfill', wanted: { id: string; atMs: number }[]): Promise<void> {
    const result = await insertOccurrences(
      db,
      await this.#row(),
      origin,
      wanted.map(({ id, atMs }) => ({ id, scheduledForMs: atMs, executeAtMs: this.nowMs, headers: {} })),
    );
    // In a race the schedule may have been written since it was read.
    if (result.outcome !== 'inserted') return;
    for (const { id } of result.occurrences) this.#requested.add(id);
  }

  #close(toMs: number, version: number): void {
    if (toMs > this.#fromMs)
      this.#closed.push({ version, content: this.content, fromMs: this.#fromMs, toMs });
    this.#fromMs = Math.max(this.#fromMs, toMs);
  }

  #stored(content = this.content): ScheduleContent {
    return {
      recurrence: { every_ms: content.everyMs, phase_ms: 0, exclude: [] },
      timeZone: 'UTC',
      startAt: null,
      endAt: null,
      maxOccurrences: null,
      jitterMs: null,
      overlap: content.overlap,
      catchUp: content.catchUp,
      catchUpWindowMs: 86_400_000,
      catchUpSpacingMs: 10,
      expiresAfterMs: null,
      callback: { type: 'http', url: `http://v${this.version}.test/` },
      retry: null,
      metadata: null,
      pauseAfterFailures: null,
    };
  }

  async #occurrences(): Promise<StoredOccurrence[]> {
    return rowsOf<Record<keyof StoredOccurrence, never>>(
      `SELECT id, extract(epoch FROM scheduled_for)::float8 * 1000 AS "atMs", extract(epoch FROM execute_at)::float8 * 1000 AS "executeAtMs",
         status, withdrawn, origin, substring(callback_config ->> 'url' FROM 'v(\\d+)')::int AS version FROM timers ORDER BY scheduled_for`,
    );
  }

  /** What must be true after every step. */
  async #check(): Promise<void> {
    const stored = await this.#occurrences();
    const own = stored.filter(({ origin }) => origin !== 'trigger');
    expect(new Set(own.map(({ atMs }) => atMs)).size).toBe(own.length);
    expect(stored.filter(({ atMs, executeAtMs }) => executeAtMs < atMs)).toEqual([]);
    if (this.#pausedAtMs === undefined && !this.#isDeleted) return;
    const pending = stored.filter(({ id, status }) => status === 'pending' && !this.#requested.has(id));
    expect(pending).toEqual([]);
  }

  /** Lets everything that is due be decided, and checks that each instant was decided once, by the content of its time. */
  async end(): Promise<void> {
    for (const who of [0, 1] as const) await this.#write(who);
    await this.do({ do: 'resume', catchUp: 'latest' });
    const pass = () =>
      materializePass({
        statements: scheduleStatements(db),
        decide: this.decide,
        observer: noEvents,
        onStored: () => undefined,
      });
    while ((await pass()).due > 0);
    const row = await this.#row();
    const cursorMs = new Date(row.cursor_at).getTime();
    expect(cursorMs).toBeGreaterThan(this.nowMs - this.content.everyMs);
    this.#close(cursorMs, this.version);
    const bufferedMs = row.buffered_for === null ? undefined : new Date(row.buffered_for).getTime();
    const skips = await rowsOf<{ from: number; to: number; count: number }>(
      `SELECT extract(epoch FROM scheduled_for)::float8 * 1000 AS "from", extract(epoch FROM until)::float8 * 1000 AS "to", count::int FROM schedule_skips`,
    );
    const stored = new Map(
      (await this.#occurrences())
        .filter(({ origin }) => origin !== 'trigger')
        .map((each) => [each.atMs, each]),
    );
    let skipped = 0;
    const expected = new Set<number>();
    for (const { version, content, fromMs, toMs } of this.#closed)
      for (const atMs of instantsOf(content.everyMs, fromMs, toMs)) {
        expected.add(atMs);
        const row = stored.get(atMs);
        const isLive = row !== undefined && row.withdrawn !== true;
        const isSkipped = skips.some(({ from, to }) => from <= atMs && atMs <= to);
        const isCanceled = row?.withdrawn === true && atMs <= this.#canceledUntilMs;
        if (isSkipped) skipped += 1;
        const where = `version ${version}, ${(atMs - T0) / 1_000} s`;
        // Occurrences of a backfill fill what was skipped.
        if (row?.origin !== 'backfill') {
          const fates = [isLive, isSkipped, atMs === bufferedMs || (isCanceled && !isSkipped)];
          expect([where, fates.filter(Boolean).length]).toEqual([where, 1]);
          // An occurrence that was buffered has the content of the moment at which it is stored.
          const mayBeNewer = content.overlap === 'buffer_one' && (row?.version ?? 0) > version;
          if (isLive && !mayBeNewer) expect([where, row.version]).toEqual([where, version]);
        } else expect([where, isLive || isCanceled]).toEqual([where, true]);
      }
    expect(skips.reduce((sum, { count }) => sum + count, 0)).toBe(skipped);
    for (const { atMs, origin, withdrawn } of stored.values())
      if (origin !== 'backfill' && withdrawn !== true) expect(expected.has(atMs)).toBe(true);
  }
}

test('no occurrence is lost, doubled, or pending after a pause, however requests race with two materializers', async () => {
  await fc.assert(
    fc.asyncProperty(
      contentArb,
      fc.array(stepArb, { minLength: 5, maxLength: 40 }),
      async (content, steps) => {
        const run = new Run(content);
        await run.begin();
        for (const step of steps) await run.do(step);
        await run.end();
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

test('nothing is pending after a deletion, whatever was read before it', async () => {
  await fc.assert(
    fc.asyncProperty(
      contentArb,
      fc.array(stepArb, { maxLength: 15 }),
      fc.array(stepArb, { maxLength: 5 }),
      async (content, before, after) => {
        const run = new Run(content);
        await run.begin();
        for (const step of [
          ...before,
          { do: 'read', who: 0 } as const,
          { do: 'delete' } as const,
          { do: 'write', who: 0 } as const,
          ...after,
        ])
          await run.do(step);
        for (const who of [0, 1] as const) await run.do({ do: 'write', who });
      },
    ),
    { numRuns: 20 },
  );
}, 60_000);

test('control: plans that are written without their fence lose or double occurrences', async () => {
  const unfenced = (): ScheduleStatements => {
    const statements = scheduleStatements(db);
    return {
      ...statements,
      materialize: async (decisions) => {
        const { fence } = (await findSchedule(db, KEY)) ?? { fence: 0 };
        return statements.materialize(decisions.map((decision) => ({ ...decision, fence })));
      },
    };
  };
  const steps: Step[] = [
    { do: 'read', who: 1 },
    { do: 'advance', ms: 1_000 },
    { do: 'pass', who: 0 },
    { do: 'pause' },
    { do: 'write', who: 1 },
  ];
  const attempt = async (statements: ScheduleStatements): Promise<void> => {
    const run = new Run({ everyMs: 1_000, overlap: 'allow', catchUp: 'none' }, statements);
    await run.begin();
    for (const step of steps) await run.do(step);
    await run.end();
  };
  await attempt(scheduleStatements(db));
  await expect(attempt(unfenced())).rejects.toThrow();
});
