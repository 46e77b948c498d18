import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CALLBACK_TYPES, type CallbackType } from '@timer-platform/callback-types';
import { connect, type Database } from '@timer-platform/database';
import {
  createTestDatabase,
  type NatsServer,
  startNatsServer,
  type TestDatabase,
} from '@timer-platform/test-support';
import { Ledger } from './ledger.ts';
import { type HttpSink, type MessageSink, openSubscription, startHttpSink } from './receivers.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';
import { TimerClient } from './timer-client.ts';
import { type Disturbance, judge } from './verdict.ts';

const TIMERS_OF_EACH_TYPE = 1_000;
/** For two processes to be given all timers before the first is due. */
const LEAD_MS = 5_000;
const SPAN_MS = 10_000;
/** The promise is 15 s, and the chaos run holds it; a test may not fail because the machine is busy. */
const RECOVERY_MS = 30_000;

let testDatabase: TestDatabase;
let db: Database;
let nats: NatsServer;
let http: HttpSink;
let subscription: MessageSink;
const ledger = new Ledger();
const services: ServiceProcess[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  db = connect({
    url: testDatabase.url,
    applicationName: 'two-instances.test',
    poolSize: 1,
    onIdleError: (error) => {
      throw error;
    },
  });
  nats = await startNatsServer();
  http = await startHttpSink(() => ledger);
  subscription = await openSubscription(nats.url, ledger);
  const options = { databaseUrl: testDatabase.url, natsUrl: nats.url };
  services.push(...(await Promise.all([startServiceProcess(options), startServiceProcess(options)])));
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await subscription.stop();
  await http.stop();
  await nats.stop();
  await db.close();
  await testDatabase.drop();
});

function delivered(): number {
  return ledger.entries.filter(({ arrivals }) => arrivals.length > 0).length;
}

/** Asks again and again: other processes tell this one nothing. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('two services, one killed half way: every timer is delivered, none early', async () => {
  const [first, second] = services;
  if (first === undefined || second === undefined) throw new Error('two services are needed');
  const client = new TimerClient(() => first.url);
  const startMs = Date.now() + LEAD_MS;
  const targets: Record<CallbackType, object> = {
    http: { url: http.url },
    nats: { topic: subscription.topic },
  };
  for (const type of CALLBACK_TYPES) {
    const planned = Array.from({ length: TIMERS_OF_EACH_TYPE }, (_, n) => ({
      key: `${type}-${n}`,
      executeAtMs: startMs + Math.floor((n * SPAN_MS) / TIMERS_OF_EACH_TYPE),
    }));
    const answer = await client.create(
      planned.map(({ key, executeAtMs }) => {
        const payload = { key, version: 1 };
        return {
          execute_at: new Date(executeAtMs).toISOString(),
          callback: { type, ...targets[type], payload },
        };
      }),
      type,
    );
    expect(answer).toMatchObject({ status: 201 });
    planned.forEach(({ key, executeAtMs }, index) => {
      const id = answer.ids[index] ?? '';
      ledger.accepted(key, { id, type }, { version: 1, executeAtMs, confirmedMs: Date.now() });
    });
  }

  await until(() => delivered() >= TIMERS_OF_EACH_TYPE);
  // Whoever of the two holds timers at this moment: killing the other one would show nothing.
  const [holder] = await db.rows<{ name: string }>({
    name: '',
    text: `SELECT dispatchers.name FROM timers JOIN dispatchers ON dispatchers.id = timers.claimed_by
           WHERE timers.status = 'executing' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1`,
  });
  const victim = holder?.name.endsWith(`:${second.pid}`) === true ? second : first;
  const fromMs = Date.now();
  await victim.kill();
  const killed: Disturbance = { name: 'kill -9', fromMs, toMs: Date.now(), outage: 'none' };

  await until(async () => {
    const [row] = await db.rows<{ open: number }>({
      name: '',
      text: `SELECT count(*)::integer AS open FROM timers WHERE status IN ('pending', 'executing')`,
    });
    return row?.open === 0;
  });
  await subscription.collect(ledger);

  const statuses = await db.rows({
    name: '',
    text: 'SELECT callback_type AS type, status, count(*)::integer AS count FROM timers GROUP BY 1, 2 ORDER BY 1',
  });
  expect(statuses).toEqual(
    [...CALLBACK_TYPES].sort().map((type) => ({ type, status: 'completed', count: TIMERS_OF_EACH_TYPE })),
  );
  const verdict = judge(ledger.entries, [killed], []);
  expect(verdict).toMatchObject({
    accepted: CALLBACK_TYPES.length * TIMERS_OF_EACH_TYPE,
    delivered: CALLBACK_TYPES.length * TIMERS_OF_EACH_TYPE,
    lost: [],
    early: [],
    foreignIds: [],
    unexplainedDuplicates: [],
  });
  expect(verdict.longestRecoveryMs).toBeLessThan(RECOVERY_MS);
  expect(services.filter(({ crashed }) => crashed)).toEqual([]);
});
