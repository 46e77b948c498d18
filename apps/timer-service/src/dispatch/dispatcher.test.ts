import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  cancelTimer,
  connect,
  type Database,
  decryptHeaders,
  findTimer,
  insertTimers,
  type NewTimer,
  NO_HEADER_KEYS,
  runTimer,
  type TimerRow,
  updateTimer,
} from '@timer-platform/database';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { type Clock, systemClock } from '../clock.ts';
import { retryable } from '../transports/outcome.ts';
import type { Outcome } from '../transports/transport.ts';
import { Dispatcher } from './dispatcher.ts';
import type { DispatchObserver } from './observer.ts';
import { type DispatchStatements, dispatchStatements } from './statements.ts';
import { gate } from './testing/gate.ts';
import { DELIVERED, ScriptedTransport, type Sent } from './testing/scripted-transport.ts';

const DAY_MS = 86_400_000;
const HTTP_500 = retryable('HTTP 500', { statusCode: 500 });

const database = withTestDatabase({
  open: (url, onIdleError) => connect({ url, applicationName: 'dispatcher.test', poolSize: 12, onIdleError }),
});
const timers = timerFactory(database.query);
let db: Database;
const started: Dispatcher[] = [];

beforeAll(() => {
  db = database.db;
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((dispatcher) => dispatcher.stop()));
  await execute('TRUNCATE timers, dispatchers, timer_attempts, claim_batches CASCADE');
});

function execute(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  return db.rows({ name: '', text }, values);
}

interface Setup {
  readonly http: ScriptedTransport<'http'>;
  readonly dispatcher: Dispatcher;
  readonly events: string[];
}

function makeDispatcher(
  more: {
    readonly statements?: Partial<DispatchStatements>;
    readonly settings?: Partial<ConstructorParameters<typeof Dispatcher>[0]['settings']>;
    readonly clock?: Clock;
  } = {},
): Setup {
  const http = new ScriptedTransport<'http'>(({ url }) => {
    const { origin } = new URL(url);
    return { name: origin, endpoint: origin, route: url };
  });
  const nats = new ScriptedTransport<'nats'>(() => ({ name: 'nats', endpoint: 'nats', route: 'nats' }));
  const events: string[] = [];
  const observer: DispatchObserver = {
    started: () => undefined,
    ended: () => undefined,
    finished: ({ status }) => events.push(status),
    retried: () => undefined,
    orphansReleased: (count) => events.push(`released ${count}`),
    claimed: () => undefined,
    settled: (kind, _size, lost) => {
      if (lost > 0) events.push(`lost ${kind}`);
    },
    deferred: () => events.push('deferred'),
    rescued: ({ returned }) => events.push(`rescued ${returned}`),
    leaseLost: () => events.push('lease lost'),
    databaseError: () => events.push('database error'),
    defect: () => events.push('defect'),
  };
  const dispatcher = new Dispatcher({
    statements: {
      ...dispatchStatements({ dispatch: db, heartbeats: db, operations: db }, 'test'),
      ...more.statements,
    },
    transports: { http, nats },
    decryptHeaders: (timerId, config) => decryptHeaders(NO_HEADER_KEYS, timerId, config),
    settings: {
      enabled: true,
      lookAheadMs: 250,
      maxInFlight: 1_000,
      maxInFlightPerDestination: 250,
      shutdownGraceMs: 10_000,
      ...more.settings,
    },
    clock: more.clock ?? systemClock,
    random: () => 0,
    observer,
  });
  started.push(dispatcher);
  return { http, dispatcher, events };
}

async function store(...timers: Partial<NewTimer>[]): Promise<string[]> {
  const result = await insertTimers(
    db,
    timers.map((timer) => ({ callback: { type: 'http', url: 'http://receiver.test/' }, ...timer })),
  );
  if (result.outcome !== 'inserted') throw new Error(result.outcome);
  return result.timers.map(({ id }) => id);
}

/** Stores timers that are overdue, as after an outage. */
async function storeOverdue(count: number, url = 'http://receiver.test/'): Promise<void> {
  const yesterdayMs = Date.now() - DAY_MS;
  await timers.createMany(
    Array.from({ length: count }, (_, n) => ({
      execute_at: new Date(yesterdayMs + n * 1_000),
      callback_config: { type: 'http', url },
    })),
  );
}

/** Queries the row until the condition holds; only the test's own timeout limits it. */
async function eventually(id: string, condition: (row: TimerRow) => boolean): Promise<TimerRow> {
  for (;;) {
    const row = await findTimer(db, id);
    if (row !== undefined && condition(row)) return row;
  }
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function eventuallyCount(status: string, count: number): Promise<void> {
  for (;;) {
    const [row] = await execute('SELECT count(*)::integer AS count FROM timers WHERE status = $1', [status]);
    if (row?.['count'] === count) return;
  }
}

describe('delivery', () => {
  test('delivers each timer once and not before its due instant', async () => {
    const { http, dispatcher } = makeDispatcher();
    await dispatcher.start();
    const ids = await store(...Array.from({ length: 200 }, (_, index) => ({ delayMs: 100 + index * 5 })));
    dispatcher.wake(0);
    await http.until((sent) => sent.length >= 200);
    await eventuallyCount('completed', 200);
    expect(new Set(http.sent.map(({ timerId }) => timerId))).toEqual(new Set(ids));
    expect(http.sent).toHaveLength(200);
    const rows = await Promise.all(ids.map((id) => findTimer(db, id)));
    const dueMs = new Map(rows.map((row) => [row?.id, Number(row?.execute_at)]));
    for (const { timerId, atMs } of http.sent)
      expect(atMs).toBeGreaterThanOrEqual(dueMs.get(timerId) ?? Infinity);
  });

  test('is never early, even if the wall clock of the process is wrong and jumps', async () => {
    let calls = 0;
    const clock: Clock = { monotonicMs: () => performance.now(), wallMs: () => (calls += 1) * 600_000 };
    const { http, dispatcher } = makeDispatcher({ clock });
    await dispatcher.start();
    const [id = ''] = await store({ delayMs: 700 });
    dispatcher.wake(0);
    await http.until((sent) => sent.length === 1);
    const dueMs = Number((await findTimer(db, id))?.execute_at);
    expect(http.sent[0]?.atMs).toBeGreaterThanOrEqual(dueMs);
  });

  test('finds timers that it was not notified of', async () => {
    const { http, dispatcher } = makeDispatcher();
    await dispatcher.start();
    const [id = ''] = await store({ delayMs: 400 });
    await http.until((sent) => sent.length === 1);
    await eventually(id, ({ status }) => status === 'completed');
  });

  test('delivers overdue timers, oldest first', async () => {
    await storeOverdue(50);
    const { http, dispatcher } = makeDispatcher({ settings: { maxInFlightPerDestination: 1 } });
    await dispatcher.start();
    await http.until((sent) => sent.length === 50);
    await eventuallyCount('completed', 50);
    const order = await execute('SELECT id FROM timers ORDER BY execute_at');
    expect(http.sent.map(({ timerId }) => timerId)).toEqual(order.map((row) => row['id']));
  });

  test('delivers a backlog larger than its batches with bounded memory', async () => {
    await storeOverdue(5_000);
    const { http, dispatcher } = makeDispatcher({
      settings: { maxInFlight: 100, maxInFlightPerDestination: 100 },
    });
    let most = 0;
    http.respond = async () => {
      const { inFlight, queued, waiting, unsettled } = dispatcher.load;
      most = Math.max(most, inFlight + queued + waiting + unsettled);
      await new Promise((resolve) => setImmediate(resolve));
      return DELIVERED;
    };
    await dispatcher.start();
    await eventuallyCount('completed', 5_000);
    expect(http.sent).toHaveLength(5_000);
    // The backlog with its results, and attempts under way.
    expect(most).toBeLessThanOrEqual(2_500 + 100);
  });

  test('passes the payload to the transport exactly as stored', async () => {
    await storeOverdue(1);
    await execute(
      `UPDATE timers SET callback_config = callback_config || '{"payload": 12345678901234567890.50}'`,
    );
    const { http, dispatcher } = makeDispatcher();
    await dispatcher.start();
    await http.until((sent) => sent.length === 1);
    expect(http.sent[0]?.payload).toBe('12345678901234567890.50');
  });
});

describe('failure', () => {
  test('retries according to the policy of the timer', async () => {
    const { http, dispatcher } = makeDispatcher();
    http.respond = () => (http.sent.length < 3 ? HTTP_500 : DELIVERED);
    await dispatcher.start();
    const [id = ''] = await store({ delayMs: 50, retry: { delays: ['60ms'], max_attempts: 5 } });
    dispatcher.wake(0);
    const row = await eventually(id, ({ status }) => status === 'completed');
    expect(row).toMatchObject({ attempts: 3, last_error: null });
  });

  test('fails the timer with the reason when no attempts are left', async () => {
    const { http, dispatcher } = makeDispatcher();
    http.respond = () => HTTP_500;
    await dispatcher.start();
    const [id = ''] = await store({ delayMs: 50, retry: { delays: ['20ms'] } });
    dispatcher.wake(0);
    const row = await eventually(id, ({ status }) => status === 'failed');
    expect(row).toMatchObject({ attempts: 2, last_error: 'HTTP 500 (gave up after 2 attempts)' });
    expect(http.sent).toHaveLength(2);
  });

  test('fails rows that cannot be parsed, with the reason, and delivers the others', async () => {
    await storeOverdue(3);
    await execute(`ALTER TABLE timers DISABLE TRIGGER update_timers_updated_at`);
    const broken = [{ type: 'http' }, { type: 'http', url: '' }, { type: 'http', url: 'ftp://x/' }];
    await timers.createMany(
      broken.map((config) => ({ execute_at: new Date(Date.now() - 2 * DAY_MS), callback_config: config })),
    );
    const { dispatcher } = makeDispatcher();
    await dispatcher.start();
    await eventuallyCount('completed', 3);
    await eventuallyCount('failed', 3);
    const errors = await execute(`SELECT last_error, attempts FROM timers WHERE status = 'failed'`);
    for (const { last_error: error, attempts } of errors) {
      expect(error).toMatch(/^callback_config cannot be parsed: url /);
      expect(attempts).toBe(0);
    }
  });

  test('a transport that throws is a failed attempt and does not crash the process', async () => {
    const { http, dispatcher, events } = makeDispatcher();
    http.respond = () => {
      throw new Error('defect');
    };
    await dispatcher.start();
    const [id = ''] = await store({ delayMs: 50, retry: { max_attempts: 1 } });
    dispatcher.wake(0);
    const row = await eventually(id, ({ status }) => status === 'failed');
    expect(row.last_error).toBe('internal error of the timer service');
    expect(events).toContain('defect');
  });

  test('fails a timer that could not start before expires_at', async () => {
    await storeOverdue(1);
    await execute(`UPDATE timers SET expires_at = now() - interval '1 hour'`);
    const { http, dispatcher } = makeDispatcher();
    await dispatcher.start();
    await eventuallyCount('failed', 1);
    const [row] = await execute('SELECT last_error FROM timers');
    expect(row?.['last_error']).toBe('expired: no attempt could start before expires_at');
    expect(http.sent).toEqual([]);
  });

  test('fails rows with a malformed retry policy or absurd delays, with the reason', async () => {
    const policies = [
      { max_attempts: 'many' },
      [],
      'none',
      { delays: ['9999999999d'] },
      { max_attempts: -1 },
    ];
    await storeOverdue(policies.length + 1);
    for (const [n, policy] of policies.entries())
      await execute(
        `UPDATE timers SET retry = $1 WHERE id = (SELECT id FROM timers ORDER BY execute_at OFFSET $2 LIMIT 1)`,
        [JSON.stringify(policy), n],
      );
    const { dispatcher } = makeDispatcher();
    await dispatcher.start();
    await eventuallyCount('completed', 1);
    await eventuallyCount('failed', policies.length);
    const errors = await execute(`SELECT last_error FROM timers WHERE status = 'failed'`);
    for (const { last_error: error } of errors) expect(error).toMatch(/^retry cannot be parsed: /);
  });

  test('delivers a timer that has been due since minus infinity, and stores finite instants', async () => {
    const [id = ''] = await store({ delayMs: 3_600_000, retry: { max_attempts: 1 } });
    await execute(`UPDATE timers SET next_attempt_at = '-infinity'`);
    const { http, dispatcher } = makeDispatcher();
    http.respond = () => HTTP_500;
    await dispatcher.start();
    await eventually(id, ({ status }) => status === 'failed');
    const [attempt] = await execute('SELECT isfinite(due_at) AS finite FROM timer_attempts');
    expect(attempt).toEqual({ finite: true });
  });

  test('a timer whose result the database refuses does not hold up the others', async () => {
    await storeOverdue(20);
    const [poison] = await execute('SELECT id FROM timers LIMIT 1');
    await execute(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE ON timers FOR EACH ROW
         WHEN (NEW.id = '${String(poison?.['id'])}') EXECUTE FUNCTION refuse()`,
    );
    const { dispatcher, events } = makeDispatcher();
    await dispatcher.start();
    await eventuallyCount('completed', 19);
    await execute('DROP TRIGGER refuse ON timers');
    await execute('DROP FUNCTION refuse');
    await eventuallyCount('completed', 20);
    expect(events).toContain('database error');
  });

  test('retries failed statements until the database is available', async () => {
    let failures = 6;
    const real = dispatchStatements({ dispatch: db, heartbeats: db, operations: db }, 'test');
    const flaky = <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) => {
      return (...args: Arguments) => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error('the database is unavailable')) : call(...args);
      };
    };
    const statements: Partial<DispatchStatements> = {
      claim: flaky(real.claim),
      delivered: flaky(real.delivered),
      acquireLease: flaky(real.acquireLease),
    };
    await storeOverdue(1);
    const { dispatcher, events } = makeDispatcher({ statements });
    await dispatcher.start();
    await eventuallyCount('completed', 1);
    expect(events).toContain('database error');
  });
});

describe('after a crash of the database server', () => {
  test('delivers a timer whose settle was lost and one whose claim result was lost', async () => {
    let fail = false;
    const real = dispatchStatements({ dispatch: db, heartbeats: db, operations: db }, 'test');
    const delivered: DispatchStatements['delivered'] = (leaseId, batch) =>
      fail ? Promise.reject(new Error('the server is restarting')) : real.delivered(leaseId, batch);
    const { http, dispatcher, events } = makeDispatcher({ statements: { delivered } });
    await dispatcher.start();
    const [first = ''] = await store({ delayMs: 50 }, { delayMs: 3_600_000 });
    dispatcher.wake(0);
    await eventually(first, ({ status }) => status === 'completed');
    // The state of the tables after a crash that lost asynchronous commits, and the result of a claim.
    await execute(
      `UPDATE timers SET status = 'pending', executed_at = NULL, claims = 0, next_attempt_at = now()`,
    );
    await execute(
      `INSERT INTO claim_batches (dispatcher, due_from, due_to, timer_ids, tokens)
       SELECT (SELECT id FROM dispatchers), now(), now(), array_agg(id), array_agg(claims) FROM timers`,
    );
    fail = true;
    const [other = ''] = await store({ delayMs: 0 });
    dispatcher.wake(0);
    await http.until((sent) => sent.length === 2);
    await waitFor(() => events.includes('database error'));
    fail = false;
    await eventually(other, ({ status }) => status === 'completed');
    await eventuallyCount('completed', 3);
    expect(http.sent).toHaveLength(4);
    expect(events).toContain('released 2');
  });
});

describe('a timer that is changed after an attempt', () => {
  test('is another message', async () => {
    const { http, dispatcher } = makeDispatcher();
    http.respond = () => (http.sent.length === 1 ? HTTP_500 : DELIVERED);
    await dispatcher.start();
    const [id = ''] = await store({ delayMs: 0, retry: { delays: ['1h'] } });
    dispatcher.wake(0);
    await eventually(id, ({ attempts }) => attempts === 1);
    const callback = { type: 'http', url: 'http://receiver.test/changed' } as const;
    expect((await updateTimer(db, id, { callback })).outcome).toBe('changed');
    expect((await runTimer(db, id)).outcome).toBe('changed');
    dispatcher.wake(0);
    await eventually(id, ({ status }) => status === 'completed');
    expect(http.sent.map(({ messageId }) => messageId)).toEqual([id, `${id}-1`]);
  });
});

describe('starvation', () => {
  /** Stores timers that are due soon, more as soon as those before are delivered, until it is stopped. */
  function sustainLoad({ dispatcher, http }: Setup): { stop: () => Promise<void> } {
    const stopping = new AbortController();
    const generate = async () => {
      while (!stopping.signal.aborted) {
        const ids = await store(...Array.from({ length: 100 }, () => ({ delayMs: 100 })));
        dispatcher.wake(Date.now() + 100);
        await http.until((sent) => areSent(sent, ids));
      }
    };
    const load = Promise.all([generate(), generate()]);
    return {
      stop: async () => {
        stopping.abort();
        await load;
      },
    };
  }

  function areSent(sent: readonly Sent[], ids: readonly string[]): boolean {
    const sentIds = new Set(sent.map(({ timerId }) => timerId));
    return ids.every((id) => sentIds.has(id));
  }

  async function latenesses(http: ScriptedTransport<'http'>, ids: readonly string[]): Promise<number[]> {
    const sentMs = new Map(http.sent.map(({ timerId, atMs }) => [timerId, atMs]));
    const rows = await Promise.all(ids.map((id) => findTimer(db, id)));
    return rows.map((row) => (sentMs.get(row?.id ?? '') ?? Infinity) - Number(row?.execute_at));
  }

  test('timers that nobody told of are delivered within a second beside a sustained load', async () => {
    const setup = makeDispatcher();
    const { http, dispatcher } = setup;
    await dispatcher.start();
    const load = sustainLoad(setup);
    const ids = await store(...Array.from({ length: 100 }, (_, n) => ({ delayMs: n * 20 })));
    await http.until((sent) => areSent(sent, ids));
    await load.stop();
    expect(Math.max(...(await latenesses(http, ids)))).toBeLessThan(1_000);
  });

  test('a backlog does not delay what is due now', async () => {
    await storeOverdue(10_000);
    const { http, dispatcher } = makeDispatcher({
      settings: { maxInFlight: 20, maxInFlightPerDestination: 20 },
    });
    http.respond = ({ destination }) =>
      destination === 'http://now.test'
        ? DELIVERED
        : new Promise((resolve) => {
            setTimeout(resolve, 5, DELIVERED);
          });
    await dispatcher.start();
    const callback = { type: 'http', url: 'http://now.test/' } as const;
    const ids = await store(...Array.from({ length: 50 }, (_, n) => ({ callback, delayMs: 100 + n * 10 })));
    dispatcher.wake(Date.now());
    await http.until((sent) => areSent(sent, ids));
    expect(Math.max(...(await latenesses(http, ids)))).toBeLessThan(1_000);
    const [row] = await execute(`SELECT count(*)::integer AS left FROM timers WHERE status = 'pending'`);
    expect(row?.['left']).toBeGreaterThan(0);
  });
});

describe('several dispatchers', () => {
  test('share the timers and send each once', async () => {
    await storeOverdue(2_000);
    const setups = [makeDispatcher(), makeDispatcher(), makeDispatcher()];
    await Promise.all(setups.map(({ dispatcher }) => dispatcher.start()));
    await eventuallyCount('completed', 2_000);
    const sent = setups.flatMap(({ http }) => http.sent.map(({ timerId }) => timerId));
    expect(sent).toHaveLength(2_000);
    expect(new Set(sent).size).toBe(2_000);
  });

  test('one whose lease expires starts nothing more, and others rescue its timers', async () => {
    let frozen = false;
    const delivery = gate<Outcome>();
    const real = dispatchStatements({ dispatch: db, heartbeats: db, operations: db }, 'frozen');
    // Like a suspended process: statements fail, and the monotonic clock has advanced.
    let clockAheadMs = 0;
    const clock: Clock = { monotonicMs: () => performance.now() + clockAheadMs, wallMs: () => 0 };
    const throwIfFrozen = (): void => {
      if (frozen) throw new Error('frozen');
    };
    const unlessFrozen =
      <Arguments extends unknown[], Result>(statement: (...args: Arguments) => Promise<Result>) =>
      async (...args: Arguments): Promise<Result> => {
        throwIfFrozen();
        const result = await statement(...args);
        // The result has arrived, but is lost.
        throwIfFrozen();
        return result;
      };
    const statements: Partial<DispatchStatements> = {
      claim: unlessFrozen(real.claim),
      acquireLease: unlessFrozen(real.acquireLease),
      renewLease: unlessFrozen(real.renewLease),
      release: unlessFrozen(real.release),
      giveUpLease: unlessFrozen(real.giveUpLease),
      expireLeases: () => Promise.resolve(0),
    };
    const old = makeDispatcher({ statements, clock, settings: { lookAheadMs: 5_000 } });
    await old.dispatcher.start();
    const [id = ''] = await store({ delayMs: 3_000 });
    old.dispatcher.wake(0);
    await eventually(id, ({ status }) => status === 'executing');
    frozen = true;
    clockAheadMs = 20_000;
    // What another dispatcher does when the heartbeats stand still.
    await execute('DELETE FROM dispatchers');
    const successor = makeDispatcher();
    successor.http.respond = () => delivery.passed;
    await successor.dispatcher.start();
    await successor.http.until((sent) => sent.length === 1);
    // The claim may see the rescue before the rescuer has its result.
    await waitFor(() => successor.events.includes('rescued 1'));
    frozen = false;
    delivery.open(DELIVERED);
    const row = await eventually(id, ({ status }) => status === 'completed');
    expect(row.attempts).toBe(1);
    expect(old.http.sent).toEqual([]);
  });

  test('sends nothing of a claim whose result arrives after its timers were rescued', async () => {
    const real = dispatchStatements({ dispatch: db, heartbeats: db, operations: db }, 'stalled');
    const result = gate<undefined>();
    const claimed = gate<undefined>();
    const claim: DispatchStatements['claim'] = async (request) => {
      const claimResult = await real.claim(request);
      if (claimResult?.rows.length === 0) return claimResult;
      claimed.open(undefined);
      await result.passed;
      return claimResult;
    };
    const stalled = makeDispatcher({ statements: { claim } });
    await stalled.dispatcher.start();
    const [id = ''] = await store({ delayMs: 50 });
    stalled.dispatcher.wake(0);
    await claimed.passed;
    await execute('DELETE FROM dispatchers');
    const other = makeDispatcher();
    await other.dispatcher.start();
    await other.http.until((sent) => sent.length === 1);
    await waitFor(() => stalled.events.includes('lease lost'));
    result.open(undefined);
    await eventually(id, ({ status }) => status === 'completed');
    await stalled.dispatcher.stop();
    expect(stalled.http.sent).toEqual([]);
  });

  test('heartbeats go on while a table is locked that rescues and claims need', async () => {
    const { dispatcher, events } = makeDispatcher();
    await dispatcher.start();
    const heartbeats = async () =>
      Number((await execute('SELECT heartbeats FROM dispatchers'))[0]?.['heartbeats'] ?? 0);
    const before = await heartbeats();
    const locker = connect({
      url: database.url,
      applicationName: 'locker',
      poolSize: 1,
      onIdleError: () => undefined,
    });
    for (const text of ['BEGIN', 'LOCK TABLE claim_batches, timers IN ACCESS EXCLUSIVE MODE'])
      await locker.rows({ name: '', text });
    while ((await heartbeats()) < before + 3);
    await locker.rows({ name: '', text: 'COMMIT' });
    await locker.close();
    expect(events).not.toContain('lease lost');
    const [id = ''] = await store({ delayMs: 0 });
    await eventually(id, ({ status }) => status === 'completed');
  });

  test('a settle after the claim was lost changes nothing', async () => {
    const slow = makeDispatcher();
    const delivery = gate<Outcome>();
    slow.http.respond = () => delivery.passed;
    await slow.dispatcher.start();
    const [id = ''] = await store({ delayMs: 50 });
    slow.dispatcher.wake(0);
    await slow.http.until((sent) => sent.length === 1);
    await execute(`UPDATE timers SET claims = claims + 1, next_attempt_at = now() + interval '1 hour'`);
    delivery.open(DELIVERED);
    await slow.dispatcher.stop();
    expect(slow.events).toContain('lost delivered');
    expect(await findTimer(db, id)).toMatchObject({ status: 'pending', attempts: 0 });
  });
});

describe('stopping', () => {
  test('while starting: claims nothing and gives up the lease', async () => {
    await storeOverdue(1);
    const { http, dispatcher } = makeDispatcher();
    const starting = dispatcher.start();
    await dispatcher.stop();
    await starting;
    expect(http.sent).toEqual([]);
    expect(await execute('SELECT * FROM dispatchers')).toEqual([]);
  });

  test('releases timers that were not started, waits for attempts under way and gives up the lease', async () => {
    const { http, dispatcher } = makeDispatcher({ settings: { lookAheadMs: 5_000 } });
    const delivery = gate<Outcome>();
    http.respond = () => delivery.passed;
    await dispatcher.start();
    const [soon = '', later = ''] = await store({ delayMs: 50 }, { delayMs: 4_500 });
    dispatcher.wake(0);
    await http.until((sent) => sent.length === 1);
    await eventually(later, ({ status }) => status === 'executing');
    const stopped = dispatcher.stop();
    await eventually(later, ({ status }) => status === 'pending');
    expect((await findTimer(db, soon))?.status).toBe('executing');
    delivery.open(DELIVERED);
    await stopped;
    expect(await findTimer(db, soon)).toMatchObject({ status: 'completed', attempts: 1 });
    expect(await findTimer(db, later)).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await execute('SELECT * FROM dispatchers')).toEqual([]);
    expect((await cancelTimer(db, later)).outcome).toBe('changed');
  });
});

describe('fairness', () => {
  test('a destination that hangs does not delay others, and its deferred timers use no attempts', async () => {
    await storeOverdue(3_000, 'http://hangs.test/');
    const { http, dispatcher, events } = makeDispatcher({ settings: { maxInFlightPerDestination: 20 } });
    const delivery = gate<Outcome>();
    http.respond = ({ destination }) => (destination === 'http://hangs.test' ? delivery.passed : DELIVERED);
    await dispatcher.start();
    await http.until((sent) => sent.length >= 16);
    const ids = await store(...Array.from({ length: 20 }, () => ({ delayMs: 1_500 })));
    dispatcher.wake(0);
    await Promise.all(ids.map((id) => eventually(id, ({ status }) => status === 'completed')));
    expect(
      http.sent.filter(({ destination }) => destination === 'http://hangs.test').length,
    ).toBeLessThanOrEqual(20);
    expect(events).toContain('deferred');
    const [row] = await execute(
      `SELECT sum(attempts)::integer AS attempts FROM timers WHERE status = 'pending'`,
    );
    expect(row?.['attempts']).toBe(0);
    http.respond = () => DELIVERED;
    delivery.open(DELIVERED);
  });
});
