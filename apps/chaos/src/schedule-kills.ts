import { setTimeout as delay } from 'node:timers/promises';
import { connect, type Database } from '@timer-platform/database';
import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { migrateToLatest } from '@timer-platform/migrations';
import { scheduleFactory, startNatsServer, startReceiver } from '@timer-platform/test-support';
import { describeCrashes, Fleet } from './fleet.ts';
import { queryWithRetries } from './query-with-retries.ts';
import { seededRandom } from './random.ts';

export interface ScheduleKillsOptions {
  /** Schedules that occur every second. */
  readonly schedules: number;
  /** Length of the load. */
  readonly seconds: number;
  /** All schedules occur at the same instant of each second; otherwise they are spread over it. */
  readonly aligned: boolean;
  readonly log: (line: string) => void;
}

/** Lateness of first deliveries after their nominal instants, in milliseconds. */
export interface OccurrenceLateness {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface ScheduleKillsResult {
  readonly expected: number;
  /** Timers of the schedules. */
  readonly rows: number;
  /** Occurrences that arrived: pairs of schedule and instant. */
  readonly delivered: number;
  /** Arrivals of an occurrence that had arrived before, under the same id: the attempts that the kill has cut off. */
  readonly repeated: number;
  readonly lateness: OccurrenceLateness;
  /** Of the occurrences whose dispatcher was neither killed nor frozen: those before the first fault. */
  readonly latenessBefore: OccurrenceLateness;
  /** Descriptions of everything that must not happen. */
  readonly problems: readonly string[];
}

const DISPATCHERS = 3;
const SECOND_MS = 1_000;
/** Claims of a lost dispatcher are rescued after 10 to 17 s. */
const DRAIN_LIMIT_MS = 60_000;

interface Arrivals {
  /** By schedule and instant: the ids with which it arrived. */
  readonly ids: Map<string, Set<string>>;
  readonly latenessMs: number[];
  readonly latenessBeforeMs: number[];
  repeated: number;
  early: number;
}

function quantiles(values: readonly number[]): OccurrenceLateness {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

async function countRows(db: Database): Promise<{ readonly rows: number; readonly instants: number }> {
  const [counts] = await queryWithRetries<{ rows: number; instants: number }>(
    db,
    `SELECT count(*)::integer AS rows, count(DISTINCT (schedule_id, scheduled_for))::integer AS instants FROM timers`,
  );
  return counts ?? { rows: 0, instants: 0 };
}

/** Kills one of three dispatchers and freezes another while schedules occur every second. */
export async function runScheduleKills({
  schedules,
  seconds,
  aligned,
  log,
}: ScheduleKillsOptions): Promise<ScheduleKillsResult> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const server = await openTemporaryPostgres({ durable: true, log: () => undefined });
    closers.push(() => server.stop());
    await migrateToLatest({ databaseUrl: server.url });
    const db = connect({
      url: server.url,
      applicationName: 'chaos',
      poolSize: 2,
      onIdleError: () => undefined,
    });
    closers.push(() => db.close());
    const nats = await startNatsServer();
    closers.push(() => nats.stop());
    const arrivals: Arrivals = {
      ids: new Map(),
      latenessMs: [],
      latenessBeforeMs: [],
      repeated: 0,
      early: 0,
    };
    let hasFault = false;
    const receiver = await startReceiver(({ headers, receivedAt }) => {
      const instant = String(headers['timer-scheduled-for']);
      const occurrence = `${String(headers['timer-schedule'])} ${instant}`;
      const lateMs = receivedAt - Date.parse(instant);
      const known = arrivals.ids.get(occurrence);
      if (known === undefined) {
        arrivals.ids.set(occurrence, new Set([String(headers['webhook-id'])]));
        arrivals.latenessMs.push(lateMs);
        if (!hasFault) arrivals.latenessBeforeMs.push(lateMs);
        if (lateMs < 0) arrivals.early += 1;
      } else {
        known.add(String(headers['webhook-id']));
        arrivals.repeated += 1;
      }
      return 200;
    });
    closers.push(() => receiver.stop());
    const fleet = new Fleet({ databaseUrl: server.url, natsUrl: nats.url }, seededRandom(1));
    closers.push(() => fleet.stop());
    await fleet.resize(DISPATCHERS);

    const startMs = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS + 2 * SECOND_MS;
    const endMs = startMs + seconds * SECOND_MS - 1;
    await scheduleFactory((text, values) => db.rows({ name: 'insert-schedules', text }, values)).createMany(
      Array.from({ length: schedules }, (_, index) => ({
        key: `every-second-${index}`,
        recurrence: { every_ms: SECOND_MS, phase_ms: aligned ? 0 : index % SECOND_MS },
        start_at: new Date(startMs),
        end_at: new Date(endMs),
        callback_config: { type: 'http', url: `${receiver.url}/${index % 20}`, payload: { index } },
      })),
    );
    log(`${schedules} schedules occur every second for ${seconds} s`);
    const [killed, frozen] = fleet.running;
    await delay(startMs + (seconds * SECOND_MS) / 4 - Date.now());
    hasFault = true;
    await killed?.kill();
    log('killed a dispatcher');
    await delay((seconds * SECOND_MS) / 4);
    frozen?.freeze();
    log('froze another one');
    await delay((seconds * SECOND_MS) / 4);
    frozen?.thaw();
    log('thawed it');

    const expected = schedules * seconds;
    const deadlineMs = endMs + DRAIN_LIMIT_MS;
    while (arrivals.ids.size < expected && Date.now() < deadlineMs) await delay(200);
    const { rows, instants } = await countRows(db);
    const problems = describeCrashes(fleet);
    const doubled = [...arrivals.ids.values()].filter((ids) => ids.size > 1).length;
    if (rows !== expected || instants !== expected)
      problems.push(
        `${expected} occurrences were expected, ${rows} timers were stored for ${instants} of them`,
      );
    if (arrivals.ids.size !== expected)
      problems.push(`${expected - arrivals.ids.size} occurrences were not delivered`);
    if (doubled > 0) problems.push(`${doubled} occurrences arrived under more than one id`);
    if (arrivals.early > 0) problems.push(`${arrivals.early} occurrences were early`);
    return {
      expected,
      rows,
      delivered: arrivals.ids.size,
      repeated: arrivals.repeated,
      lateness: quantiles(arrivals.latenessMs),
      latenessBefore: quantiles(arrivals.latenessBeforeMs),
      problems,
    };
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}
