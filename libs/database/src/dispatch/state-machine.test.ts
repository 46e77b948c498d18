import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TimerState } from '@timer-platform/callback-types';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import fc from 'fast-check';
import pg from 'pg';
import { connect, type Database } from '../connect.ts';
import { cancelTimer, retryTimer, runTimer } from '../timers/change-timer.ts';
import { updateTimer } from '../timers/update-timer.ts';
import { claimDueTimers } from './claim-due-timers.ts';
import { acquireLease, giveUpLease } from './leases.ts';
import { releaseClaims } from './release-claims.ts';
import { rescueLostClaims } from './rescue-lost-claims.ts';
import { settleDelivered } from './settle-delivered.ts';
import { settleFailed } from './settle-failed.ts';

let testDatabase: TestDatabase;
let db: Database;
let admin: pg.Client;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const onIdleError = (error: Error) => {
    throw error;
  };
  db = connect({ url: testDatabase.url, applicationName: 'state-machine.test', poolSize: 4, onIdleError });
  admin = new pg.Client({ connectionString: testDatabase.url });
  await admin.connect();
});

afterAll(async () => {
  await admin.end();
  await db.close();
  await testDatabase.drop();
});

/** What the design says a timer is: one timer, seen from outside. */
interface Model {
  readonly status: TimerState;
  readonly claims: number;
  readonly attempts: number;
  readonly forgiven: number;
  readonly lostClaims: number;
}

const NEW: Model = { status: 'pending', claims: 0, attempts: 0, forgiven: 0, lostClaims: 0 };
const MAX_LOST_CLAIMS = 3;

/** What somebody does to the timer. `claim` of a settle or hand-back: how many claims ago the one it names was. */
type Step =
  | { readonly do: 'claim' | 'cancel' | 'update' | 'run' | 'retry' | 'lose' }
  | { readonly do: 'deliver' | 'fail' | 'give up' | 'refuse' | 'hand back'; readonly ago: number };

/** The next state, and whether the step took effect. */
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
      case 'hand back':
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
        'hand back' as const,
      ),
      ago: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  },
);

/** One timer in the table and the dispatcher that works on it. */
class System {
  readonly id: string;
  readonly #dispatcherId: string;

  private constructor(id: string, dispatcherId: string) {
    this.id = id;
    this.#dispatcherId = dispatcherId;
  }

  static async create(): Promise<System> {
    await admin.query('TRUNCATE timers, timer_attempts, dispatchers');
    const { rows } = await admin.query<{ id: string }>(
      `INSERT INTO timers (created_at, execute_at, callback_config)
       VALUES (now() - interval '2 days', now() - interval '1 day', '{"type":"http","url":"http://x/"}') RETURNING id`,
    );
    const system = new System(rows[0]?.id ?? '', randomUUID());
    await acquireLease(db, system.#dispatcherId, 'model');
    return system;
  }

  async read(): Promise<Model> {
    const { rows } = await admin.query<Model>(
      `SELECT status, claims, attempts, attempts_forgiven AS forgiven, lost_claims AS "lostClaims" FROM timers`,
    );
    if (rows[0] === undefined) throw new Error('the timer is gone');
    return rows[0];
  }

  /** Whether the step took effect. `claims` is the number of the newest claim that whoever does it knows of. */
  async apply(step: Step, claims: number): Promise<boolean> {
    if ('ago' in step) return this.#settle(step.do, claims - step.ago);
    switch (step.do) {
      case 'claim': {
        const request = { dispatcherId: this.#dispatcherId, lookAheadMs: 0, limit: 10, dueFromMs: -Infinity };
        return (await claimDueTimers(db, request)).rows.length === 1;
      }
      case 'cancel':
        return (await cancelTimer(db, this.id)).outcome === 'changed';
      case 'update':
        return (await updateTimer(db, this.id, { metadata: { updated: true } })).outcome === 'changed';
      case 'run':
        return (await runTimer(db, this.id)).outcome === 'changed';
      case 'retry':
        return (await retryTimer(db, this.id)).outcome === 'changed';
      case 'lose': {
        await giveUpLease(db, this.#dispatcherId);
        const { returned, failed } = await rescueLostClaims(db, {
          maxLostClaims: MAX_LOST_CLAIMS,
          unownedMs: 0,
        });
        await acquireLease(db, this.#dispatcherId, 'model');
        return returned + failed === 1;
      }
    }
  }

  async #settle(
    how: 'deliver' | 'fail' | 'give up' | 'refuse' | 'hand back',
    fencingToken: number,
  ): Promise<boolean> {
    const now = Date.now();
    if (how === 'hand back')
      return (await releaseClaims(db, [{ id: this.id, fencingToken, notBeforeMs: null }])) === 1;
    if (how === 'deliver')
      return (
        await settleDelivered(db, [{ id: this.id, fencingToken, startedMs: now, finishedMs: now }])
      ).has(this.id);
    const settled = await settleFailed(db, [
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

test('each step does to the row what the design says, and nothing else', async () => {
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

test('two steps at once end as if one had come after the other', async () => {
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
      // Both name the claims that they knew of before they began.
      const stale = (next: Step, now: Model): Step =>
        'ago' in next ? { ...next, ago: next.ago + now.claims - claims } : next;
      const inOrder = (first: Step, second: Step) => {
        const [between, firstEffective] = predict(model, first);
        const [end, secondEffective] = predict(between, stale(second, between));
        return { end, firstEffective, secondEffective };
      };
      const forward = inOrder(one, other);
      const backward = inOrder(other, one);
      // A claim passes over a timer that is locked at that moment: it may have come to nothing, for the next look to find.
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

/** Holds every update of the table at a point inside its statement, with the row locked, until it is let go. */
async function withUpdatesHeld<Result>(
  during: (held: () => Promise<void>, letGo: () => Promise<void>) => Promise<Result>,
) {
  const POINT = 4_711;
  const gatekeeper = new pg.Client({ connectionString: testDatabase.url });
  await gatekeeper.connect();
  await admin.query(
    `CREATE FUNCTION hold_here() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${POINT}); RETURN NEW; END $$`,
  );
  await admin.query(
    'CREATE TRIGGER a_hold BEFORE UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION hold_here()',
  );
  await gatekeeper.query(`SELECT pg_advisory_lock(${POINT})`);
  const held = async () => {
    for (;;) {
      const { rowCount } = await admin.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${POINT} AND NOT granted`,
      );
      if (rowCount === 1) return;
    }
  };
  const letGo = async () => {
    await gatekeeper.query(`SELECT pg_advisory_unlock(${POINT})`);
  };
  try {
    return await during(held, letGo);
  } finally {
    await gatekeeper.end();
    await admin.query('DROP TRIGGER a_hold ON timers');
    await admin.query('DROP FUNCTION hold_here');
  }
}

test('a claim passes over a timer whose cancellation is under way, and finds it canceled afterwards', async () => {
  const system = await System.create();
  await withUpdatesHeld(async (held, letGo) => {
    const canceling = system.apply({ do: 'cancel' }, 0);
    await held();
    expect(await system.apply({ do: 'claim' }, 0)).toBe(false);
    await letGo();
    expect(await canceling).toBe(true);
  });
  expect(await system.apply({ do: 'claim' }, 0)).toBe(false);
  expect((await system.read()).status).toBe('canceled');
});

test('a cancellation waits for a claim that is under way, and then says that it is too late', async () => {
  const system = await System.create();
  await withUpdatesHeld(async (held, letGo) => {
    const claiming = system.apply({ do: 'claim' }, 0);
    await held();
    const canceling = cancelTimer(db, system.id);
    await letGo();
    expect(await claiming).toBe(true);
    expect(await canceling).toEqual({ outcome: 'wrong-state', status: 'executing' });
  });
});

test('a settle that is under way when its dispatcher is declared dead wins, and is not taken back', async () => {
  const system = await System.create();
  await system.apply({ do: 'claim' }, 0);
  await withUpdatesHeld(async (held, letGo) => {
    const settling = system.apply({ do: 'deliver', ago: 0 }, 1);
    await held();
    const losing = system.apply({ do: 'lose' }, 1);
    await letGo();
    expect(await settling).toBe(true);
    expect(await losing).toBe(false);
  });
  expect((await system.read()).status).toBe('completed');
});
