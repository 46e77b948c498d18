import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@timer-platform/database';
import { completedUndelivered } from './completed-undelivered.ts';
import { patiently } from './faults.ts';
import { crashesOf } from './fleet.ts';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { seededRandom } from './random.ts';
import { type Stage, withStage } from './stage.ts';
import { runLoad } from './timer-load.ts';
import { completedTimers, failedAttempts, statusCounts, waitForQuiet } from './timer-rows.ts';
import { type Disturbance, faultsOf, judge, type Verdict } from './verdict.ts';

export interface OutageOptions {
  /** How long NATS and the HTTP receiver are down. */
  readonly seconds: number;
  /** Timers created evenly before, during and after. */
  readonly timers: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

/** What happened to the timers of a type while both receivers were down. */
export interface DownTime {
  readonly type: LedgerEntry['type'];
  readonly due: number;
  readonly failedAttempts: number;
  /** Timers marked completed, after a second in which earlier deliveries are settled: must be none. */
  readonly completed: number;
}

export interface OutageResult {
  readonly down: readonly DownTime[];
  /** In milliseconds after the outage. */
  readonly longestRecovery: Readonly<Record<LedgerEntry['type'], number>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly completedUndelivered: readonly string[];
  readonly verdict: Verdict;
  /** What must not happen, in words. */
  readonly faults: readonly string[];
}

/** Load before the outage, and after. */
const AROUND_MS = 10_000;
/** At most 5 s apart, and more attempts than an outage of minutes takes. */
const RETRY = { max_attempts: 100, delays: ['500ms', '1s', '2s', '5s'] };
const SERVICES = 2;
const CORE_NATS = 0.5;
/**
 * A destination that stays away is probed at growing intervals, up to 60 s, and what waits for it follows: that is how
 * long the service may take to notice that it is back.
 */
const RECOVERY_LIMIT_MS = 75_000;
const QUIET_WITHIN_MS = 180_000;

/** @param fromMs since when both are down */
function lookBack(db: Database, fromMs: number): Promise<DownTime[]> {
  return patiently<Pick<DownTime, keyof DownTime>>(
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
  readonly down: readonly DownTime[];
  readonly disturbances: readonly Disturbance[];
}

async function takeDown({ nats, http, db }: Stage, { seconds, log }: OutageOptions): Promise<Outage> {
  const fromMs = Date.now();
  await Promise.all([nats.kill(), http.down()]);
  const downMs = Date.now();
  log(`NATS and the receiver are down for ${seconds} s`);
  await delay(seconds * 1_000);
  const down = await lookBack(db, downMs);
  await Promise.all([nats.restart(), http.up()]);
  log('NATS and the receiver are back');
  const span = { name: 'outage', fromMs, toMs: Date.now() };
  return {
    down,
    disturbances: [
      { ...span, outage: 'http' },
      { ...span, outage: 'nats' },
    ],
  };
}

/** Takes NATS and the HTTP receiver away under load, brings them back, and judges what became of the timers. */
export function runOutage(options: OutageOptions): Promise<OutageResult> {
  const random = seededRandom(options.seed);
  const ledger = new Ledger();
  return withStage({ random, ledger: () => ledger }, async (stage) => {
    const { client, db, fleet, http, stream } = stage;
    await fleet.resize(SERVICES);
    const load = runLoad({
      client,
      ledger,
      random,
      httpUrl: http.url,
      natsTopic: stream.topic,
      name: 'outage',
      timers: options.timers,
      spanMs: options.seconds * 1_000 + 2 * AROUND_MS,
      retry: RETRY,
      coreNats: CORE_NATS,
    });
    const outage = delay(AROUND_MS).then(() => takeDown(stage, options));
    const [{ down, disturbances }] = await Promise.all([outage, load]);
    const unended = await waitForQuiet(db, QUIET_WITHIN_MS);
    await stream.collect(ledger);

    const statuses = await statusCounts(db);
    const attempts = await failedAttempts(db);
    const verdict = judge(ledger.entries, disturbances, attempts);
    const recoveryOf = (wanted: LedgerEntry['type']): number =>
      judge(
        ledger.entries.filter(({ type }) => type === wanted),
        disturbances,
        attempts,
      ).longestRecoveryMs;
    const longestRecovery = { http: recoveryOf('http'), nats: recoveryOf('nats') };
    const undelivered = completedUndelivered(ledger.entries, await completedTimers(db));
    const faults = [...unended, ...crashesOf(fleet), ...faultsOf(verdict, RECOVERY_LIMIT_MS)];
    if (undelivered.length > 0)
      faults.push(`${undelivered.length} completed but not delivered: ${undelivered.slice(0, 5).join(', ')}`);
    for (const { type, due, failedAttempts: failed, completed } of down) {
      if (completed > 0)
        faults.push(`${completed} marked completed by ${type} while both receivers were down`);
      if (due === 0 || failed === 0)
        faults.push(`nothing was tried by ${type} while the receivers were down: the run shows nothing`);
    }
    if (down.length !== 2) faults.push('there were not timers of both types');
    if (statuses['failed'] !== undefined) faults.push(`${statuses['failed']} timers are failed`);
    return { down, longestRecovery, statuses, completedUndelivered: undelivered, verdict, faults };
  });
}
