import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { TimerState } from '@timer-platform/callback-types';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import fc from 'fast-check';
import pg from 'pg';
import { connect } from '../connect.ts';
import { cancelTimer, retryTimer, runTimer } from '../timers/change-timer.ts';
import { updateTimer } from '../timers/update-timer.ts';
import { claimDueTimers } from './claim-due-timers.ts';
import { acquireLease, giveUpLease } from './leases.ts';
import { releaseClaims } from './release-claims.ts';
import { rescueLostClaims } from './rescue-lost-claims.ts';
import { settleDelivered } from './settle-delivered.ts';
import { settleFailed } from './settle-failed.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'state-machine.test', poolSize: 4, onIdleError }),
});
const timers = timerFactory(database.query);

/** The specified state of one timer. */
interface Model {
  readonly status: TimerState;
  readonly claims: number;
  readonly attempts: number;
  readonly forgiven: number;
  readonly lostClaims: number;
}

const NEW: Model = { status: 'pending', claims: 0, attempts: 0, forgiven: 0, lostClaims: 0 };
const MAX_LOST_CLAIMS = 3;
const DAY_MS = 86_400_000;

/** An operation on the timer. `ago`: how many claims before the newest one the fencing token of a settle or release is. */
type Step =
  | { readonly do: 'claim' | 'cancel' | 'update' | 'run' | 'retry' | 'lose' }
  | { readonly do: 'deliver' | 'fail' | 'give up' | 'refuse' | 'release'; readonly ago: number };

/** Returns the next state, and whether the step has an effect. */
function predict(model: Model, step: Step): [Model, boolean] {
  const { status } = model;
  if ('ago' in step) {
    if (status !== 'executing' || step.ago > 0) return [model, false];
    const attempted = { ...model, attempts: model.attempts + 1, lostClaims: 0 };
    switch (step.do) {
      case 'deliver':
        return [{ ...attempted, status: 'completed' }, true];
      case 'fail':
        return [{ ...attempted, status: 'pending' }, true];
      case 'give up':
        return [{ ...attempted, status: 'failed' }, true];
      case 'refuse':
        return [{ ...model, lostClaims: 0, status: 'failed' }, true];
      case 'release':
        return [{ ...model, status: 'pending' }, true];
    }
  }
  switch (step.do) {
    case 'claim':
      return status === 'pending'
        ? [{ ...model, status: 'executing', claims: model.claims + 1 }, true]
        : [model, false];
    case 'cancel':
      return status === 'pending' ? [{ ...model, status: 'canceled' }, true] : [model, false];
    case 'update':
    case 'run':
      return [model, status === 'pending'];
    case 'retry':
      return status === 'failed'
        ? [{ ...model, status: 'pending', forgiven: model.attempts, lostClaims: 0 }, true]
        : [model, false];
    case 'lose': {
      if (status !== 'executing') return [model, false];
      const lostClaims = model.lostClaims + 1;
      return [{ ...model, lostClaims, status: lostClaims < MAX_LOST_CLAIMS ? 'pending' : 'failed' }, true];
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
      ),
      ago: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  },
);

/** A timer in the table, with a dispatcher. */
class System {
  readonly id: string;
  readonly #dispatcherId: string;

  private constructor(id: string, dispatcherId: string) {
    this.id = id;
    this.#dispatcherId = dispatcherId;
  }

  static async create(): Promise<System> {
    await database.query('TRUNCATE timers, timer_attempts, dispatchers');
    const id = await timers.create({ execute_at: new Date(Date.now() - DAY_MS) });
    const system = new System(id, randomUUID());
    await acquireLease(database.db, system.#dispatcherId, 'model');
    return system;
  }

  async read(): Promise<Model> {
    const { rows } = await database.query<Model>(
      `SELECT status, claims, attempts, attempts_forgiven AS forgiven, lost_claims AS "lostClaims" FROM timers`,
    );
    if (rows[0] === undefined) throw new Error('the timer does not exist');
    return rows[0];
  }

  /** Returns whether the step had an effect. `claims`: the newest fencing token at the start of the step. */
  async apply(step: Step, claims: number): Promise<boolean> {
    if ('ago' in step) return this.#settle(step.do, claims - step.ago);
    switch (step.do) {
      case 'claim': {
        const request = { dispatcherId: this.#dispatcherId, lookAheadMs: 0, limit: 10, dueFromMs: -Infinity };
        return (await claimDueTimers(database.db, request)).rows.length === 1;
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
      case 'lose': {
        await giveUpLease(database.db, this.#dispatcherId);
        const { returned, failed } = await rescueLostClaims(database.db, {
          maxLostClaims: MAX_LOST_CLAIMS,
          unownedMs: 0,
        });
        await acquireLease(database.db, this.#dispatcherId, 'model');
        return returned + failed === 1;
      }
    }
  }

  async #settle(
    how: 'deliver' | 'fail' | 'give up' | 'refuse' | 'release',
    fencingToken: number,
  ): Promise<boolean> {
    const now = Date.now();
    if (how === 'release')
      return (await releaseClaims(database.db, [{ id: this.id, fencingToken, notBeforeMs: null }])) === 1;
    if (how === 'deliver')
      return (
        await settleDelivered(database.db, [{ id: this.id, fencingToken, startedMs: now, finishedMs: now }])
      ).has(this.id);
    const settled = await settleFailed(database.db, [
      {
        id: this.id,
        fencingToken,
        error: how,
        nextAttemptMs: how === 'fail' ? now - 1 : null,
        dueMs: now,
        startedMs: how === 'refuse' ? null : now,
        finishedMs: now,
        statusCode: null,
      },
    ]);
    return settled.has(this.id);
  }
}

test('each step changes the row as specified', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const system = await System.create();
      let model = NEW;
      for (const next of steps) {
        const [after, effective] = predict(model, next);
        expect([next, await system.apply(next, model.claims)]).toEqual([next, effective]);
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
      const system = await System.create();
      let model = NEW;
      for (const next of before) {
        await system.apply(next, model.claims);
        [model] = predict(model, next);
      }
      const { claims } = model;
      const [oneEffective, otherEffective] = await Promise.all([
        system.apply(one, claims),
        system.apply(other, claims),
      ]);
      const after = await system.read();
      // Both pass fencing tokens from before the other step.
      const outdated = (next: Step, now: Model): Step =>
        'ago' in next ? { ...next, ago: next.ago + now.claims - claims } : next;
      const inOrder = (first: Step, second: Step) => {
        const [between, firstEffective] = predict(model, first);
        const [end, secondEffective] = predict(between, outdated(second, between));
        return { end, firstEffective, secondEffective };
      };
      const forward = inOrder(one, other);
      const backward = inOrder(other, one);
      // A claim skips a locked timer: it may have had no effect, and the next poll finds the timer.
      const skipped = (claim: Step, rest: Step) => {
        const [end, effective] = predict(model, rest);
        return claim.do === 'claim' ? [{ end, claimed: false, effective }] : [];
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

/** Blocks every update of the table inside its statement, with the row locked, until it is unblocked. */
async function withBlockedUpdates<Result>(
  run: (untilBlocked: () => Promise<void>, unblock: () => Promise<void>) => Promise<Result>,
) {
  const LOCK = 4_711;
  const blocker = new pg.Client({ connectionString: database.url });
  await blocker.connect();
  await database.query(
    `CREATE FUNCTION wait_for_lock() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${LOCK}); RETURN NEW; END $$`,
  );
  await database.query(
    'CREATE TRIGGER a_wait BEFORE UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION wait_for_lock()',
  );
  await blocker.query(`SELECT pg_advisory_lock(${LOCK})`);
  const untilBlocked = async () => {
    for (;;) {
      const { rowCount } = await database.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`,
      );
      if (rowCount === 1) return;
    }
  };
  const unblock = async () => {
    await blocker.query(`SELECT pg_advisory_unlock(${LOCK})`);
  };
  try {
    return await run(untilBlocked, unblock);
  } finally {
    await blocker.end();
    await database.query('DROP TRIGGER a_wait ON timers');
    await database.query('DROP FUNCTION wait_for_lock');
  }
}

test('a claim skips a timer that is being canceled', async () => {
  const system = await System.create();
  await withBlockedUpdates(async (untilBlocked, unblock) => {
    const canceling = system.apply({ do: 'cancel' }, 0);
    await untilBlocked();
    expect(await system.apply({ do: 'claim' }, 0)).toBe(false);
    await unblock();
    expect(await canceling).toBe(true);
  });
  expect(await system.apply({ do: 'claim' }, 0)).toBe(false);
  expect((await system.read()).status).toBe('canceled');
});

test('a cancellation waits for a concurrent claim, and then fails', async () => {
  const system = await System.create();
  await withBlockedUpdates(async (untilBlocked, unblock) => {
    const claiming = system.apply({ do: 'claim' }, 0);
    await untilBlocked();
    const canceling = cancelTimer(database.db, system.id);
    await unblock();
    expect(await claiming).toBe(true);
    expect(await canceling).toEqual({ outcome: 'wrong-state', status: 'executing' });
  });
});

test('a rescue does not undo a concurrent settle', async () => {
  const system = await System.create();
  await system.apply({ do: 'claim' }, 0);
  await withBlockedUpdates(async (untilBlocked, unblock) => {
    const settling = system.apply({ do: 'deliver', ago: 0 }, 1);
    await untilBlocked();
    const losing = system.apply({ do: 'lose' }, 1);
    await unblock();
    expect(await settling).toBe(true);
    expect(await losing).toBe(false);
  });
  expect((await system.read()).status).toBe('completed');
});
