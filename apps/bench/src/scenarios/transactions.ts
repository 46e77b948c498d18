import type pg from 'pg';
import type { Contender } from '../contenders/contender.ts';
import { timerService } from '../contenders/timer-service.ts';
import { summarizeDurations } from '../measure/quantiles.ts';
import { type BenchPayload, benchPayload, countDeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import { scenarioNames } from '../report/names.ts';
import { type BenchEnvironment, withContender } from './environment.ts';
import type { LatenessResult } from './steady.ts';

/** A way to store callbacks in the transaction of a client. */
export interface TransactionalContender {
  readonly scenario: string;
  readonly contender: Contender;
  /** Stores a callback that is due now, in the open transaction. */
  readonly schedule: (client: pg.Client, url: string, payload: BenchPayload) => Promise<unknown>;
  /** Changes the database before the contender starts. */
  readonly prepare?: (client: pg.Client) => Promise<unknown>;
}

const scheduleTimer: TransactionalContender['schedule'] = (client, url, payload) =>
  client.query({
    name: 'schedule',
    text: `SELECT schedule_timer($1, delay => interval '0')`,
    values: [JSON.stringify({ type: 'http', url, payload })],
  });

const ours: TransactionalContender = {
  scenario: scenarioNames.transactions,
  contender: timerService,
  schedule: scheduleTimer,
};

/** Shows what the notification is worth: dispatchers find the timers by polling. */
const withoutNotification: TransactionalContender = {
  scenario: scenarioNames.unnotified,
  contender: timerService,
  schedule: scheduleTimer,
  prepare: (client) =>
    client.query(
      `CREATE OR REPLACE FUNCTION timer_notify(due TIMESTAMPTZ) RETURNS void LANGUAGE sql AS 'SELECT NULL::void'`,
    ),
};

/** The peer that stores jobs with a function of SQL. */
const graphileWorker = (contender: Contender): TransactionalContender => ({
  scenario: scenarioNames.transactions,
  contender,
  schedule: (client, url, payload) =>
    client.query({
      name: 'schedule',
      text: `SELECT graphile_worker.add_job('post', $1::json)`,
      values: [JSON.stringify({ url, payload })],
    }),
});

/** Everyone who can store a callback with SQL in an open transaction. */
export function transactionalContenders(peers: readonly Contender[]): TransactionalContender[] {
  const graphile = peers.filter(({ name }) => name === 'graphile-worker').map(graphileWorker);
  return [ours, withoutNotification, ...graphile];
}

/**
 * Runs transactions one after the other, each of which stores a callback that is due now; every second one is rolled back.
 * The lateness counts from the COMMIT: nothing can be delivered before it.
 */
export async function runTransactions(
  environment: BenchEnvironment,
  { contender, schedule, prepare }: TransactionalContender,
  transactions: number,
): Promise<LatenessResult> {
  const { receiver } = environment;
  return withContender(
    environment,
    contender,
    async ({ database: { client } }) => {
      await receiver.reset();
      const committedMs = new Map<number, number>();
      for (let n = 0; n < transactions; n += 1) {
        await client.query('BEGIN');
        await schedule(client, receiver.target, benchPayload(n, 0));
        if (n % 2 === 0) committedMs.set(n, performance.timeOrigin + performance.now());
        await client.query(n % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
      }
      const { n, arrivedMs } = await receiver.collect(committedMs.size);
      const arrivals = { n, arrivedMs, dueMs: n.map((number) => committedMs.get(number) ?? Number.NaN) };
      if (arrivals.dueMs.some(Number.isNaN))
        throw new Error(`${contender.name} has delivered callbacks of transactions that were rolled back`);
      return {
        lateness: summarizeDurations(latenessOf(arrivals)),
        ...countDeliveryErrors(arrivals, committedMs.size),
      };
    },
    {},
    async ({ client }) => prepare?.(client),
  );
}
