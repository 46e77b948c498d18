import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@timer-platform/database';
import { type ChaosEnvironment, withChaosEnvironment } from './chaos-environment.ts';
import { findCompletedUndelivered } from './completed-undelivered.ts';
import { DeliveryLog, type LoggedTimer } from './delivery-log.ts';
import { describeCrashes } from './fleet.ts';
import { queryWithRetries } from './query-with-retries.ts';
import { seededRandom } from './random.ts';
import { runLoad } from './timer-load.ts';
import { completedTimers, failedAttempts, statusCounts, waitUntilFinished } from './timer-rows.ts';
import { type FaultInterval, findProblems, judge, type Verdict } from './verdict.ts';

export interface OutageOptions {
  /** How long NATS and the HTTP receiver are down. */
  readonly seconds: number;
  /** Number of timers, created evenly before, during and after the outage. */
  readonly timers: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

/** The timers of one type while both receivers were down. */
export interface OutageEffect {
  readonly type: LoggedTimer['type'];
  readonly due: number;
  readonly failedAttempts: number;
  /** Timers marked completed, except in the first second, when earlier deliveries are settled. Must be 0. */
  readonly completed: number;
}

export interface OutageResult {
  readonly effects: readonly OutageEffect[];
  /** In milliseconds after the outage. */
  readonly longestRecovery: Readonly<Record<LoggedTimer['type'], number>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly completedUndelivered: readonly string[];
  readonly verdict: Verdict;
  /** Descriptions of everything that must not happen. */
  readonly problems: readonly string[];
}

/** Length of the load before and after the outage. */
const MARGIN_MS = 10_000;
/** At most 5 s apart, and more attempts than an outage of minutes can use. */
const RETRY = { max_attempts: 100, delays: ['500ms', '1s', '2s', '5s'] };
const SERVICES = 2;
const CORE_NATS = 0.5;
/** The interval between trial attempts at an unavailable destination grows up to 60 s; deferred timers follow then. */
const RECOVERY_LIMIT_MS = 75_000;
const FINISH_TIMEOUT_MS = 180_000;

/** @param fromMs when both receivers went down */
function readOutageEffects(db: Database, fromMs: number): Promise<OutageEffect[]> {
  return queryWithRetries<Pick<OutageEffect, keyof OutageEffect>>(
    db,
    `SELECT callback_type AS type,
            count(*) FILTER (WHERE execute_at BETWEEN began AND now() AND status <> 'canceled')::integer AS due,
            sum((SELECT count(*) FROM timer_attempts WHERE timer_id = id AND started_at >= began))::integer AS "failedAttempts",
            count(*) FILTER (WHERE status = 'completed' AND updated_at > began + interval '1 second')::integer AS completed
     FROM timers, to_timestamp($1::float8 / 1000) AS began
     GROUP BY 1 ORDER BY 1`,
    [fromMs],
  );
}

interface Outage {
  readonly effects: readonly OutageEffect[];
  readonly faultIntervals: readonly FaultInterval[];
}

async function takeReceiversDown(
  { nats, http, db }: ChaosEnvironment,
  { seconds, log }: OutageOptions,
): Promise<Outage> {
  const fromMs = Date.now();
  await Promise.all([nats.kill(), http.down()]);
  const downMs = Date.now();
  log(`NATS and the HTTP receiver are down for ${seconds} s`);
  await delay(seconds * 1_000);
  const effects = await readOutageEffects(db, downMs);
  await Promise.all([nats.restart(), http.up()]);
  log('NATS and the HTTP receiver are up again');
  const interval = { name: 'outage', fromMs, toMs: Date.now() };
  return {
    effects,
    faultIntervals: [
      { ...interval, outage: 'http' },
      { ...interval, outage: 'nats' },
    ],
  };
}

/** Takes NATS and the HTTP receiver down under load, brings them back, and judges the result. */
export function runOutage(options: OutageOptions): Promise<OutageResult> {
  const random = seededRandom(options.seed);
  const deliveryLog = new DeliveryLog();
  return withChaosEnvironment({ random, currentLog: () => deliveryLog }, async (environment) => {
    const { client, db, fleet, http, stream } = environment;
    await fleet.resize(SERVICES);
    const load = runLoad({
      client,
      databaseMs: Date.now,
      deliveryLog,
      random,
      httpUrl: http.url,
      natsTopic: stream.topic,
      name: 'outage',
      timers: options.timers,
      spanMs: options.seconds * 1_000 + 2 * MARGIN_MS,
      retry: RETRY,
      coreNats: CORE_NATS,
    });
    const outage = delay(MARGIN_MS).then(() => takeReceiversDown(environment, options));
    const [{ effects, faultIntervals }] = await Promise.all([outage, load]);
    const unfinished = await waitUntilFinished(db, FINISH_TIMEOUT_MS);
    await stream.collect(deliveryLog);

    const statuses = await statusCounts(db);
    const evidence = { faultIntervals, failedAttempts: await failedAttempts(db) };
    const { timers } = deliveryLog;
    const verdict = judge(timers, evidence);
    const recoveryOf = (type: LoggedTimer['type']): number =>
      judge(
        timers.filter((timer) => timer.type === type),
        evidence,
      ).longestRecoveryMs;
    const longestRecovery = { http: recoveryOf('http'), nats: recoveryOf('nats') };
    const completedUndelivered = findCompletedUndelivered(timers, await completedTimers(db));
    const problems = [...unfinished, ...describeCrashes(fleet), ...findProblems(verdict, RECOVERY_LIMIT_MS)];
    if (completedUndelivered.length > 0)
      problems.push(
        `${completedUndelivered.length} completed but not delivered: ${completedUndelivered.slice(0, 5).join(', ')}`,
      );
    for (const { type, due, failedAttempts: failed, completed } of effects) {
      if (completed > 0)
        problems.push(`${completed} ${type} timers were marked completed while both receivers were down`);
      if (due === 0 || failed === 0)
        problems.push(
          `no ${type} attempt was made while both receivers were down: the run is not conclusive`,
        );
    }
    if (effects.length !== 2) problems.push('timers of one type are missing');
    if (statuses['failed'] !== undefined) problems.push(`${statuses['failed']} timers failed`);
    return { effects, longestRecovery, statuses, completedUndelivered, verdict, problems };
  });
}
