import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { TimerState } from '@timer-platform/callback-types';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import fc from 'fast-check';
import pg from 'pg';
import { connect } from '../connect.ts';
import { cancelTimer, retryTimer, runTimer } from '../timers/change-timer.ts';
import { updateTimer } from '../timers/update-timer.ts';
import { releaseBatches } from './claim-batches.ts';
import { claimDueSuspects, claimDueTimers, type ClaimedRow, type ClaimRequest } from './claim-due-timers.ts';
import { acquireLease, giveUpLease } from './leases.ts';
import { releaseClaims } from './release-claims.ts';
import { rescueLostClaims } from './rescue-lost-claims.ts';
import { returnParkedTimers } from './return-parked-timers.ts';
import { settleDelivered } from './settle-delivered.ts';
import { settleFailed } from './settle-failed.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'state-machine.test', poolSize: 4, onIdleError }),
});
const timers = timerFactory(database.query);

/** The specified state of one timer. */
interface Model {
  /** As clients see it. */
  readonly status: TimerState;
  /** Claims that have ended. */
  readonly claims: number;
  readonly attempts: number;
  readonly forgiven: number;
  readonly lostClaims: number;
  /** It waits because its destination is paused. */
  readonly parked: boolean;
}

const NEW: Model = { status: 'pending', claims: 0, attempts: 0, forgiven: 0, lostClaims: 0, parked: false };
const MAX_LOST_CLAIMS = 3;
const DAY_MS = 86_400_000;
const DESTINATION = 'http://receiver.test';

/** An operation on the timer. `ago`: how many claims before the newest one a settle or release is meant for. */
type Step =
  | { readonly do: 'claim' | 'cancel' | 'update' | 'run' | 'retry' | 'lose' | 'return' }
  | {
      readonly do: 'deliver' | 'fail' | 'give up' | 'refuse' | 'release' | 'orphan' | 'park';
      readonly ago: number;
    };

/** Returns the next state, and whether the step has an effect. */
function predict(model: Model, step: Step): [Model, boolean] {
  const { status } = model;
  if ('ago' in step) {
    if (status !== 'executing' || step.ago > 0) return [model, false];
    const ended = { ...model, claims: model.claims + 1 };
    const attempted = { ...ended, attempts: model.attempts + 1, lostClaims: 0 };
    switch (step.do) {
      case 'deliver':
        return [{ ...attempted, status: 'completed' }, true];
      case 'fail':
        return [{ ...attempted, status: 'pending' }, true];
      case 'give up':
        return [{ ...attempted, status: 'failed' }, true];
      case 'refuse':
        return [{ ...ended, lostClaims: 0, status: 'failed' }, true];
      case 'release':
      case 'orphan':
        return [{ ...ended, status: 'pending' }, true];
      case 'park':
        return [{ ...ended, status: 'pending', parked: true }, true];
    }
  }
  switch (step.do) {
    case 'claim':
      return status === 'pending' && !model.parked
        ? [{ ...model, status: 'executing' }, true]
        : [model, false];
    case 'cancel':
      return status === 'pending' ? [{ ...model, status: 'canceled', parked: false }, true] : [model, false];
    case 'update':
      return [model, status === 'pending'];
    case 'run':
      return status === 'pending' ? [{ ...model, parked: false }, true] : [model, false];
    case 'return':
      return [{ ...model, parked: false }, model.parked];
    case 'retry':
      return status === 'failed'
        ? [{ ...model, status: 'pending', forgiven: model.attempts, lostClaims: 0 }, true]
        : [model, false];
    case 'lose': {
      if (status !== 'executing') return [model, false];
      const lostClaims = model.lostClaims + 1;
      const after = lostClaims < MAX_LOST_CLAIMS ? 'pending' : 'failed';
      return [{ ...model, claims: model.claims + 1, lostClaims, status: after }, true];
    }
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: 'claim' } as const) },
  fc.record({
    do: fc.constantFrom(
      'cancel' as const,
      'update' as const,
      'run' as const,
      'retry' as const,
      'lose' as const,
      'return' as const,
    ),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'deliver' as const,
        'fail' as const,
        'give up' as const,
        'refuse' as const,
        'release' as const,
        'orphan' as const,
        'park' as const,
        'park' as const,
      ),
      ago: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  },
);

function claimRequest(dispatcherId: string): ClaimRequest {
  return {
    dispatcherId,
    lookAheadMs: 0,
    recent: { fromMs: -Infinity, toMs: Infinity, limit: 10 },
    backlog: { fromMs: Infinity, toMs: -Infinity, limit: 0 },
    maxBytes: 1_000_000,
  };
}

/** A timer in the table, with a dispatcher. */
class System {
  readonly id: string;
  readonly #dispatcherId: string;
  readonly #claims: ClaimedRow[] = [];

  private constructor(id: string, dispatcherId: string) {
    this.id = id;
    this.#dispatcherId = dispatcherId;
  }

  static async create(): Promise<System> {
    await database.query('TRUNCATE timers, timer_attempts, dispatchers, claim_batches CASCADE');
    const id = await timers.create({ execute_at: new Date(Date.now() - DAY_MS) });
    const system = new System(id, randomUUID());
    await acquireLease(database.db, system.#dispatcherId, 'model');
    return system;
  }

  async read(): Promise<Model> {
    const { rows } = await database.query<Model>(
      `SELECT timer_states.status, claims, attempts, attempts_forgiven AS forgiven, lost_claims AS "lostClaims",
         COALESCE(timers.status = 'pending' AND next_attempt_at = 'infinity' AND paused_for IS NOT NULL, false) AS parked
       FROM timers JOIN timer_states USING (id)`,
    );
    if (rows[0] === undefined) throw new Error('the timer does not exist');
    return rows[0];
  }

  /** Returns whether the step had an effect. `claimed`: how many claims were made when the step was chosen. */
  async apply(step: Step, claimed = this.claimed): Promise<boolean> {
    if ('ago' in step) return this.#settle(step.do, this.#claims[claimed - 1 - step.ago]);
    switch (step.do) {
      case 'claim': {
        const row = await this.#claim();
        if (row !== undefined) this.#claims.push(row);
        return row !== undefined;
      }
      case 'cancel':
        return (await cancelTimer(database.db, this.id)).outcome === 'changed';
      case 'update':
        return (
          (await updateTimer(database.db, this.id, { metadata: { updated: true } })).outcome === 'changed'
        );
      case 'run':
        return (await runTimer(database.db, this.id)).outcome === 'changed';
      case 'retry':
        return (await retryTimer(database.db, this.id)).outcome === 'changed';
      case 'return':
        return (await returnParkedTimers(database.db, DESTINATION, 10)) === 1;
      case 'lose': {
        await giveUpLease(database.db, this.#dispatcherId);
        const { returned, failed } = await rescueLostClaims(database.db, {
          maxLostClaims: MAX_LOST_CLAIMS,
          suspectDelayMs: 0,
          unownedMs: 0,
        });
        await acquireLease(database.db, this.#dispatcherId, 'model');
        return returned + failed === 1;
      }
    }
  }

  /** How many claims were made. */
  get claimed(): number {
    return this.#claims.length;
  }

  async #claim(): Promise<ClaimedRow | undefined> {
    const result = await claimDueTimers(database.db, claimRequest(this.#dispatcherId));
    return result?.rows[0] ?? (await claimDueSuspects(database.db, this.#dispatcherId))[0];
  }

  async #settle(
    how: 'deliver' | 'fail' | 'give up' | 'refuse' | 'release' | 'orphan' | 'park',
    row: ClaimedRow | undefined,
  ): Promise<boolean> {
    if (row === undefined) return false;
    const { id, batchId, fencingToken } = row;
    const now = Date.now();
    if (how === 'orphan') return (await releaseBatches(database.db, this.#dispatcherId, [batchId])) === 1;
    if (how === 'release' || how === 'park') {
      const pausedFor = how === 'park' ? DESTINATION : null;
      const release = { id, batchId, fencingToken, notBeforeMs: null, reason: null, pausedFor };
      return (await releaseClaims(database.db, this.#dispatcherId, [release])) === 1;
    }
    if (how === 'deliver')
      return (
        (await settleDelivered(database.db, this.#dispatcherId, [
          { id, batchId, fencingToken, startedMs: now, finishedMs: now },
        ])) === 1
      );
    const settled = await settleFailed(database.db, this.#dispatcherId, [
      {
        id,
        batchId,
        fencingToken,
        error: how,
        nextAttemptMs: how === 'fail' ? now - 1 : null,
        dueMs: now,
        startedMs: how === 'refuse' ? null : now,
        finishedMs: now,
        statusCode: null,
      },
    ]);
    return settled === 1;
  }
}

test('each step changes the row as specified', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const system = await System.create();
      let model = NEW;
      for (const next of steps) {
        const [after, effective] = predict(model, next);
        expect([next, await system.apply(next)]).toEqual([next, effective]);
        expect([next, await system.read()]).toEqual([next, after]);
        model = after;
      }
    }),
    { numRuns: 60 },
  );
});

test('two concurrent steps have the same effect as in one order or the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), step, step, async (before, one, other) => {
      // The one dispatcher of the model has one lease.
      fc.pre(one.do !== 'lose' || other.do !== 'lose');
      const system = await System.create();
      let model = NEW;
      for (const next of before) {
        await system.apply(next);
        [model] = predict(model, next);
      }
      const { claimed } = system;
      const [oneEffective, otherEffective] = await Promise.all([
        system.apply(one, claimed),
        system.apply(other, claimed),
      ]);
      const after = await system.read();
      // Both are meant for claims from before the other step, and only a claim makes another one.
      const outdated = (next: Step, first: Step): Step =>
        'ago' in next && first.do === 'claim' && model.status === 'pending'
          ? { ...next, ago: next.ago + 1 }
          : next;
      const inOrder = (first: Step, second: Step) => {
        const [between, firstEffective] = predict(model, first);
        const [end, secondEffective] = predict(between, outdated(second, first));
        return { end, firstEffective, secondEffective };
      };
      const forward = inOrder(one, other);
      const backward = inOrder(other, one);
      // Both skip a locked timer: they may have had no effect, and the next poll or search finds the timer.
      const skipped = (skipping: Step, rest: Step) => {
        const [end, effective] = predict(model, rest);
        const skips = skipping.do === 'claim' || skipping.do === 'return';
        return skips ? [{ end, claimed: false, effective }] : [];
      };
      const allowed = [
        [forward.end, forward.firstEffective, forward.secondEffective],
        [backward.end, backward.secondEffective, backward.firstEffective],
        ...skipped(one, other).map(({ end, claimed, effective }) => [end, claimed, effective]),
        ...skipped(other, one).map(({ end, claimed, effective }) => [end, effective, claimed]),
      ];
      expect(allowed).toContainEqual([after, oneEffective, otherEffective]);
    }),
    { numRuns: 150 },
  );
});

/** Lets statements stop where a test has put a call of `wait_here()`, until the test lets them go on. */
async function withBarrier<Result>(
  setUp: string,
  tearDown: string,
  run: (reached: () => Promise<void>, open: () => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const LOCK = 4_711;
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  try {
    await holder.query(
      `CREATE FUNCTION wait_here() RETURNS boolean LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${LOCK}); RETURN true; END $$;
       CREATE FUNCTION wait_in_trigger() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM wait_here(); RETURN NEW; END $$;
       ${setUp}`,
    );
    await holder.query(`SELECT pg_advisory_lock(${LOCK})`);
    const reached = async () => {
      const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      while ((await holder.query(waiting)).rowCount !== 1);
    };
    const open = async () => {
      await holder.query(`SELECT pg_advisory_unlock(${LOCK})`);
    };
    return await run(reached, open);
  } finally {
    await holder.query('SELECT pg_advisory_unlock_all()');
    await holder.query(
      `${tearDown}; DROP FUNCTION IF EXISTS wait_in_trigger; DROP FUNCTION IF EXISTS wait_here`,
    );
    await holder.end();
  }
}

/** A claim stops with its timers locked, before it records them. */
const CLAIM_STOPS = [
  'CREATE TRIGGER a_wait BEFORE INSERT ON claim_batches FOR EACH ROW EXECUTE FUNCTION wait_in_trigger()',
  'DROP TRIGGER a_wait ON claim_batches',
] as const;
/** An update stops with its timer locked. */
const UPDATE_STOPS = [
  'CREATE TRIGGER a_wait BEFORE UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION wait_in_trigger()',
  'DROP TRIGGER a_wait ON timers',
] as const;
/** The claim of one dispatcher stops after its snapshot was taken, and before it reads a timer. */
const snapshotStops = (dispatcherId: string) =>
  [
    `ALTER TABLE dispatchers RENAME TO real_dispatchers;
     CREATE VIEW dispatchers AS SELECT * FROM real_dispatchers
     WHERE CASE WHEN id = '${dispatcherId}' THEN wait_here() ELSE true END`,
    'DROP VIEW dispatchers; ALTER TABLE real_dispatchers RENAME TO dispatchers',
  ] as const;

describe('forced interleavings', () => {
  test('a claim skips a timer that is being canceled', async () => {
    const system = await System.create();
    await withBarrier(...UPDATE_STOPS, async (reached, open) => {
      const canceling = system.apply({ do: 'cancel' });
      await reached();
      expect(await system.apply({ do: 'claim' })).toBe(false);
      await open();
      expect(await canceling).toBe(true);
    });
    expect(await system.apply({ do: 'claim' })).toBe(false);
    expect((await system.read()).status).toBe('canceled');
  });

  const changes = [
    ['cancel', (id: string) => cancelTimer(database.db, id)],
    ['update', (id: string) => updateTimer(database.db, id, { metadata: {} })],
    ['run', (id: string) => runTimer(database.db, id)],
  ] as const;
  test.each(changes)('%s waits for a concurrent claim, and then fails', async (_, change) => {
    const system = await System.create();
    await withBarrier(...CLAIM_STOPS, async (reached, open) => {
      const claiming = system.apply({ do: 'claim' });
      await reached();
      const changing = change(system.id);
      await isWaitingFor('UPDATE timers');
      await open();
      expect(await claiming).toBe(true);
      expect(await changing).toEqual({ outcome: 'wrong-state', status: 'executing' });
    });
  });

  test('control: a change that reads the claims of its own snapshot cancels a claimed timer', async () => {
    const system = await System.create();
    await withBarrier(...CLAIM_STOPS, async (reached, open) => {
      const claiming = system.apply({ do: 'claim' });
      await reached();
      const text = `UPDATE timers SET status = 'canceled' WHERE id = $1 AND status = 'pending' AND NOT EXISTS (
        SELECT FROM claim_batches, unnest(timer_ids) AS claim (id) WHERE claim.id = timers.id) RETURNING id`;
      const canceling = database.db.rows({ name: 'control', text }, [system.id]);
      await isWaitingFor('UPDATE timers');
      await open();
      expect(await claiming).toBe(true);
      expect(await canceling).toHaveLength(1);
    });
  });

  async function isWaitingFor(start: string): Promise<void> {
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                     AND wait_event <> 'advisory' AND query LIKE $1 || '%'`;
    while ((await database.query(waiting, [start])).rowCount !== 1);
  }

  /**
   * Claims by two dispatchers; the second one takes its snapshot before the first commits, and its locks afterwards. Another
   * batch, with a timer that is due at the same instant, is in both snapshots.
   */
  async function claimTwice(): Promise<[ClaimedRow[], ClaimedRow[]]> {
    await System.create();
    await database.query(
      `INSERT INTO timers (execute_at, created_at, callback_config)
       SELECT execute_at, created_at, callback_config FROM timers`,
    );
    const [first, second] = [randomUUID(), randomUUID()];
    for (const id of [first, second]) await acquireLease(database.db, id, 'model');
    const { recent, ...request } = claimRequest(first);
    const known = await claimDueTimers(database.db, { ...request, recent: { ...recent, limit: 1 } });
    expect(known?.rows).toHaveLength(1);
    return withBarrier(...snapshotStops(second), async (reached, open) => {
      const late = claimDueTimers(database.db, claimRequest(second));
      await reached();
      const early = await claimDueTimers(database.db, claimRequest(first));
      await open();
      return [early?.rows ?? [], (await late)?.rows ?? []];
    });
  }

  test('a timer that was claimed after the snapshot of a claim is not claimed again', async () => {
    const [early, late] = await claimTwice();
    expect(early).toHaveLength(1);
    expect(late).toHaveLength(0);
  });

  test('control: it is, if the second check of the claims is not newer than the locks', async () => {
    await database.query('ALTER FUNCTION newly_claimed_timers STABLE');
    try {
      const [early, late] = await claimTwice();
      expect([early.length, late.length]).toEqual([1, 1]);
    } finally {
      await database.query('ALTER FUNCTION newly_claimed_timers VOLATILE');
    }
  });

  test('a claim whose lease is removed meanwhile claims nothing', async () => {
    await System.create();
    const id = randomUUID();
    await acquireLease(database.db, id, 'model');
    await withBarrier(...CLAIM_STOPS, async (reached, open) => {
      const claiming = claimDueTimers(database.db, claimRequest(id));
      await reached();
      await giveUpLease(database.db, id);
      await open();
      expect(await claiming).toBeUndefined();
    });
    expect((await database.query('SELECT FROM claim_batches')).rowCount).toBe(0);
  });

  test('a rescue does not undo a concurrent settle', async () => {
    const system = await System.create();
    await system.apply({ do: 'claim' });
    await withBarrier(...UPDATE_STOPS, async (reached, open) => {
      const settling = system.apply({ do: 'deliver', ago: 0 });
      await reached();
      const losing = system.apply({ do: 'lose' });
      await isWaitingFor('WITH lost');
      await open();
      expect(await settling).toBe(true);
      expect(await losing).toBe(false);
    });
    expect((await system.read()).status).toBe('completed');
  });

  test('a settle does not undo a concurrent rescue', async () => {
    const system = await System.create();
    await system.apply({ do: 'claim' });
    await withBarrier(...UPDATE_STOPS, async (reached, open) => {
      const losing = system.apply({ do: 'lose' });
      await reached();
      expect(await system.apply({ do: 'deliver', ago: 0 })).toBe(false);
      await open();
      expect(await losing).toBe(true);
    });
    expect((await system.read()).status).toBe('pending');
  });
});
