import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  cancelTimer,
  connect,
  type Database,
  decryptHeaders,
  insertTimers,
  NO_HEADER_KEYS,
  oldestDueAge,
  runTimer,
  updateTimer,
} from '@timer-platform/database';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { systemClock } from '../clock.ts';
import { Dispatcher } from './dispatcher.ts';
import { dispatchStatements } from './statements.ts';
import { IGNORE_EVENTS } from './testing/ignore-events.ts';
import { ScriptedTransport, type Sent } from './testing/scripted-transport.ts';

const PAUSED = 'http://paused.test';
const OTHER = 'http://other.test';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'destinations.test', poolSize: 20, byIndexOnly: true, onIdleError }),
});
const timers = timerFactory(database.query);
let db: Database;
const dispatchers: Dispatcher[] = [];
/** Timers that any of the dispatchers has claimed. */
let claimed = 0;

beforeAll(() => {
  db = database.db;
});

afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.stop()));
  claimed = 0;
  await database.query(
    'TRUNCATE timers, dispatchers, timer_attempts, claim_batches, destination_settings CASCADE',
  );
});

interface Running {
  readonly dispatcher: Dispatcher;
  readonly http: ScriptedTransport<'http'>;
  readonly sent: Sent[];
}

async function startDispatcher(): Promise<Running> {
  const http = new ScriptedTransport<'http'>(({ url }) => new URL(url).origin);
  const nats = new ScriptedTransport<'nats'>(() => 'nats');
  const dispatcher = new Dispatcher({
    statements: dispatchStatements({ dispatch: db, heartbeats: db, operations: db }, 'test'),
    transports: { http, nats },
    decryptHeaders: (timerId, config) => decryptHeaders(NO_HEADER_KEYS, timerId, config),
    settings: {
      enabled: true,
      lookAheadMs: 250,
      maxInFlight: 1_000,
      maxInFlightPerDestination: 250,
      shutdownGraceMs: 10_000,
    },
    clock: systemClock,
    random: () => 0,
    observer: { ...IGNORE_EVENTS, claimed: (count) => (claimed += count) },
  });
  dispatchers.push(dispatcher);
  await dispatcher.start();
  return { dispatcher, http, sent: http.sent };
}

async function set(destination: string, assignments: string): Promise<void> {
  await database.query(
    `INSERT INTO destination_settings (destination, updated_by) VALUES ('${destination}', 'test')
     ON CONFLICT DO NOTHING`,
  );
  await database.query(`UPDATE destination_settings SET ${assignments} WHERE destination = '${destination}'`);
}
const pause = (destination: string) => set(destination, 'paused_at = now()');
const resume = (destination: string) => set(destination, 'paused_at = NULL');

async function store(destination: string, count = 1, delayMs = 1): Promise<string[]> {
  const result = await insertTimers(
    db,
    Array.from({ length: count }, () => ({
      delayMs,
      callback: { type: 'http' as const, url: `${destination}/` },
    })),
  );
  if (result.outcome !== 'inserted') throw new Error(result.outcome);
  for (const { dispatcher } of running()) dispatcher.wake();
  return result.timers.map(({ id }) => id);
}
const running = () => dispatchers.map((dispatcher) => ({ dispatcher }));

async function storeOverdue(destination: string, count: number): Promise<void> {
  await timers.createMany(
    Array.from({ length: count }, () => ({
      execute_at: new Date(Date.now() - 60_000),
      callback_config: { type: 'http', url: `${destination}/` },
    })),
  );
}

/** Queries until the condition holds; only the test's own timeout limits it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await database.query('SELECT pg_sleep(0.01)');
}

async function count(condition: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM timers WHERE ${condition}`,
  );
  return rows[0]?.count ?? 0;
}
const parked = () => count("next_attempt_at = 'infinity' AND paused_for IS NOT NULL AND status = 'pending'");
const completed = () => count("status = 'completed'");

/** Lets a timer go through, which shows that everything that was due before it has been polled. */
async function passThrough(): Promise<void> {
  const [id = ''] = await store(OTHER);
  await until(async () => (await count(`id = '${id}' AND status = 'completed'`)) === 1);
}

describe('a paused destination', () => {
  test('is obeyed by two dispatchers within a second, and resumed within a second', async () => {
    const both = [await startDispatcher(), await startDispatcher()];
    const attempts = () =>
      both.flatMap(({ sent }) => sent).filter(({ destination }) => destination === PAUSED);
    const stopped = new AbortController();
    const storing = (async () => {
      while (!stopped.signal.aborted) await store(PAUSED, 5);
    })();
    await until(() => attempts().length > 50);
    const pausedAtMs = performance.timeOrigin + performance.now();
    await pause(PAUSED);
    await until(async () => (await parked()) > 50);
    await passThrough();
    stopped.abort();
    await storing;
    const lastMs = Math.max(...attempts().map(({ atMs }) => atMs));
    expect(lastMs - pausedAtMs).toBeLessThan(1_000);
    const before = attempts().length;

    const resumedAtMs = performance.timeOrigin + performance.now();
    await resume(PAUSED);
    await until(() => attempts().length > before);
    expect(attempts()[before]?.atMs).toBeLessThan(resumedAtMs + 1_000);
    await until(async () => (await count("status = 'pending'")) === 0);
    const ids = attempts().map(({ timerId }) => timerId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await count('attempts <> 1')).toBe(0);
  });

  test('a dispatcher that starts knows it before its first attempt', async () => {
    await pause(PAUSED);
    await storeOverdue(PAUSED, 20);
    const { sent } = await startDispatcher();
    await until(async () => (await parked()) === 20);
    expect(sent).toEqual([]);
  });

  test('its timers cost one claim each, and do not delay those of others', async () => {
    const count = 3_000;
    await pause(PAUSED);
    await storeOverdue(PAUSED, count);
    const { sent } = await startDispatcher();
    await until(async () => (await parked()) === count);
    expect(claimed).toBe(count);
    for (let n = 0; n < 10; n += 1) {
      const storedMs = performance.timeOrigin + performance.now();
      await passThrough();
      expect((sent.at(-1)?.atMs ?? Infinity) - storedMs).toBeLessThan(300);
    }
    expect(claimed).toBe(count + 10);
    expect(await oldestDueAge(db)).toBe(0);
  });

  test('timers that are changed while they are parked wait no longer than they have to', async () => {
    await pause(PAUSED);
    await startDispatcher();
    const [moved = '', canceled = '', run = '', changed = ''] = await store(PAUSED, 4);
    await until(async () => (await parked()) === 4);
    const callback = { type: 'http' as const, url: `${OTHER}/` };
    expect((await updateTimer(db, moved, { delayMs: 3_600_000 })).outcome).toBe('changed');
    expect((await cancelTimer(db, canceled)).outcome).toBe('changed');
    expect((await runTimer(db, run)).outcome).toBe('changed');
    expect((await updateTimer(db, changed, { callback })).outcome).toBe('changed');
    await until(async () => (await count(`id = '${changed}' AND status = 'completed'`)) === 1);
    // Run again means: as soon as it may.
    await until(async () => (await parked()) === 1);
    await resume(PAUSED);
    await until(async () => (await count(`id = '${run}' AND status = 'completed'`)) === 1);
    expect(
      await count(`id = '${moved}' AND execute_at > now() + interval '50 min' AND next_attempt_at IS NULL`),
    ).toBe(1);
    expect(await count('paused_for IS NOT NULL')).toBe(0);
  });

  test('whether a timer has expired is decided when it is resumed', async () => {
    await pause(PAUSED);
    const { sent } = await startDispatcher();
    const [id = ''] = await store(PAUSED);
    await until(async () => (await parked()) === 1);
    await database.query(`UPDATE timers SET expires_at = now() - interval '1 s'`);
    await resume(PAUSED);
    await until(
      async () => (await count(`id = '${id}' AND status = 'failed' AND last_error LIKE 'expired%'`)) === 1,
    );
    expect(sent).toEqual([]);
  });

  test('timers that a dispatcher has parked and left behind are returned by another', async () => {
    await pause(PAUSED);
    const first = await startDispatcher();
    await store(PAUSED, 10);
    await until(async () => (await parked()) === 10);
    await first.dispatcher.stop();
    // Nobody sees the resume, and nobody knows the pause.
    await resume(PAUSED);
    const { sent } = await startDispatcher();
    await until(async () => (await completed()) === 10);
    expect(sent).toHaveLength(10);
  });

  test('pauses and resumes in quick succession lose no timer and deliver none twice', async () => {
    const both = [await startDispatcher(), await startDispatcher()];
    for (let round = 0; round < 8; round += 1) {
      await Promise.all([store(PAUSED, 25, 200), store(PAUSED, 25)]);
      await (round % 2 === 0 ? pause(PAUSED) : resume(PAUSED));
      await database.query('SELECT pg_sleep($1)', [0.1 * (round % 4)]);
    }
    await resume(PAUSED);
    await until(async () => (await completed()) === 400);
    const ids = both.flatMap(({ sent }) => sent.map(({ timerId }) => timerId));
    expect(ids).toHaveLength(400);
    expect(new Set(ids).size).toBe(400);
  });
});

describe('limits', () => {
  test('two dispatchers together keep the limit of attempts under way', async () => {
    // Two for each: one of them may claim all timers.
    await set(PAUSED, 'max_in_flight = 4');
    const both = [await startDispatcher(), await startDispatcher()];
    // Both must have seen each other.
    await database.query('SELECT pg_sleep(0.6)');
    let underWay = 0;
    let most = 0;
    for (const { http } of both)
      http.respond = async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setTimeout(resolve, 20));
        underWay -= 1;
        return { kind: 'delivered', statusCode: 200, isDuplicate: false };
      };
    await store(PAUSED, 60);
    await until(async () => (await completed()) === 60);
    expect(most).toBeLessThanOrEqual(4);
    expect(most).toBeGreaterThan(1);
  });

  test('two dispatchers together keep the rate', async () => {
    await set(PAUSED, 'rate_per_second = 20');
    const both = [await startDispatcher(), await startDispatcher()];
    await database.query('SELECT pg_sleep(0.6)');
    const startedMs = performance.timeOrigin + performance.now();
    await store(PAUSED, 200);
    const attempts = () => both.flatMap(({ sent }) => sent).sort((one, other) => one.atMs - other.atMs);
    await until(() => performance.timeOrigin + performance.now() > startedMs + 3_000);
    const instants = attempts().map(({ atMs }) => atMs);
    // In any second: the rate, a burst of a tenth of a second, and one of each dispatcher.
    const inSecond = instants.map(
      (fromMs) => instants.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1_000).length,
    );
    expect(Math.max(...inSecond)).toBeLessThanOrEqual(24);
    // No less than the part of the one that has claimed most, no more than the rate.
    expect(instants.length).toBeGreaterThan(25);
    expect(instants.length).toBeLessThanOrEqual(66);
  });
});
