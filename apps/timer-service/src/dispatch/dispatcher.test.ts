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
  type TimerRow,
} from '@timer-platform/database';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { type Clock, systemClock } from '../clock.ts';
import type { Outcome } from '../transports/transport.ts';
import { Dispatcher } from './dispatcher.ts';
import type { DispatchObserver } from './observer.ts';
import { type DispatchStatements, dispatchStatements } from './statements.ts';
import { gate } from './testing/gate.ts';
import { DELIVERED, ScriptedTransport } from './testing/scripted-transport.ts';

const DAY_MS = 86_400_000;
const HTTP_500 = {
  kind: 'retryable',
  reason: 'HTTP 500',
  statusCode: 500,
  retryAfterMs: null,
  unreachable: false,
} as const;

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
  await execute('TRUNCATE timers, dispatchers, timer_attempts');
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
  const http = new ScriptedTransport<'http'>(({ url }) => new URL(url).origin);
  const nats = new ScriptedTransport<'nats'>(() => 'nats');
  const events: string[] = [];
  const observer: DispatchObserver = {
    started: () => undefined,
    ended: () => undefined,
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
    statements: { ...dispatchStatements(db, 'test'), ...more.statements },
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
    const dueMs = new Map(rows.map((row) => [row?.id, row?.execute_at.getTime() ?? 0]));
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
    const dueMs = (await findTimer(db, id))?.execute_at.getTime() ?? Infinity;
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
    expect(most).toBeLessThanOrEqual(2_200);
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

  test('a transport that rejects is a failed attempt and does not crash the process', async () => {
    const { http, dispatcher, events } = makeDispatcher();
    http.respond = () => Promise.reject(new Error('defect'));
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

  test('retries failed statements until the database is available', async () => {
    let failures = 6;
    const real = dispatchStatements(db, 'test');
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
    const real = dispatchStatements(db, 'test');
    const renewLease = (id: string) =>
      fail ? Promise.reject(new Error('the server is restarting')) : real.renewLease(id);
    const { http, dispatcher, events } = makeDispatcher({ statements: { renewLease } });
    await dispatcher.start();
    const [id = ''] = await store({ delayMs: 50 }, { delayMs: 3_600_000 });
    dispatcher.wake(0);
    await eventually(id, ({ status }) => status === 'completed');
    // The state of the table after a crash that lost asynchronous commits.
    await execute(
      `UPDATE timers SET status = 'executing', claims = 1, next_attempt_at = now(),
         claimed_by = (SELECT dispatchers.id FROM dispatchers)`,
    );
    fail = true;
    await eventually(id, () => events.includes('database error'));
    fail = false;
    await eventuallyCount('completed', 2);
    expect(http.sent).toHaveLength(3);
    expect(events).toContain('rescued 2');
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
    const real = dispatchStatements(db, 'frozen');
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
      removeExpired: () => Promise.resolve(0),
    };
    const old = makeDispatcher({ statements, clock, settings: { lookAheadMs: 5_000 } });
    await old.dispatcher.start();
    const [id = ''] = await store({ delayMs: 3_000 });
    old.dispatcher.wake(0);
    await eventually(id, ({ status }) => status === 'executing');
    frozen = true;
    clockAheadMs = 20_000;
    await execute(`UPDATE dispatchers SET heartbeat_at = now() - interval '11 seconds'`);
    const successor = makeDispatcher();
    successor.http.respond = () => delivery.passed;
    await successor.dispatcher.start();
    await successor.http.until((sent) => sent.length === 1);
    expect(successor.events).toContain('rescued 1');
    frozen = false;
    delivery.open(DELIVERED);
    const row = await eventually(id, ({ status }) => status === 'completed');
    expect(row.attempts).toBe(1);
    expect(old.http.sent).toEqual([]);
  });

  test('a settle after the claim was lost changes nothing', async () => {
    const slow = makeDispatcher();
    const delivery = gate<Outcome>();
    slow.http.respond = () => delivery.passed;
    await slow.dispatcher.start();
    const [id = ''] = await store({ delayMs: 50 });
    slow.dispatcher.wake(0);
    await slow.http.until((sent) => sent.length === 1);
    await execute(
      `UPDATE timers SET status = 'pending', claimed_by = NULL, next_attempt_at = now() + interval '1 hour'`,
    );
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
    await http.until((sent) => sent.length === 20);
    const ids = await store(...Array.from({ length: 20 }, () => ({ delayMs: 1_500 })));
    dispatcher.wake(0);
    await Promise.all(ids.map((id) => eventually(id, ({ status }) => status === 'completed')));
    expect(http.sent.filter(({ destination }) => destination === 'http://hangs.test')).toHaveLength(20);
    expect(events).toContain('deferred');
    const [row] = await execute(
      `SELECT sum(attempts)::integer AS attempts FROM timers WHERE status = 'pending'`,
    );
    expect(row?.['attempts']).toBe(0);
    http.respond = () => DELIVERED;
    delivery.open(DELIVERED);
  });
});
