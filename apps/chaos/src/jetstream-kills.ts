import { setTimeout as delay } from 'node:timers/promises';
import { type ChaosEnvironment, withChaosEnvironment } from './chaos-environment.ts';
import { DeliveryLog } from './delivery-log.ts';
import { describeCrashes } from './fleet.ts';
import { queryWithRetries } from './query-with-retries.ts';
import { seededRandom } from './random.ts';
import { openSubscription } from './receivers.ts';
import { failedAttempts, statusCounts, waitUntilFinished } from './timer-rows.ts';
import { type FaultInterval, findProblems, judge, type Verdict } from './verdict.ts';

export interface JetStreamKillsOptions {
  readonly timers: number;
  /** How often the only service is killed, evenly distributed over the messages. */
  readonly kills: number;
  readonly log: (line: string) => void;
}

/** The state when the service was killed. It may include effects of earlier kills. */
export interface Kill {
  /** Messages in the stream. */
  readonly stored: number;
  /** Timers whose message is in the stream and which are not marked completed. */
  readonly unsettled: number;
  /** Timers that the service had claimed. */
  readonly executing: number;
}

export interface JetStreamKillsResult {
  readonly accepted: number;
  /** Messages published, including those that the stream dropped as duplicates. */
  readonly published: number;
  /** Messages in the stream. */
  readonly stored: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly kills: readonly Kill[];
  readonly verdict: Verdict;
  /** Descriptions of everything that must not happen. */
  readonly problems: readonly string[];
}

const BATCH = 1_000;
/** Time to create all timers before the first is due. */
const LEAD_MS = 10_000;
const SPAN_MS = 20_000;
const POLL_MS = 5;
const FINISH_TIMEOUT_MS = 180_000;

/** Creates timers that are due evenly over a span, and records them. */
async function createTimers(
  { client, stream }: ChaosEnvironment,
  count: number,
  deliveryLog: DeliveryLog,
): Promise<void> {
  const startMs = Date.now() + LEAD_MS;
  for (let from = 0; from < count; from += BATCH) {
    const timers = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
      key: `timer-${from + index}`,
      executeAtMs: startMs + Math.floor(((from + index) * SPAN_MS) / count),
    }));
    const response = await client.create(
      timers.map(({ key, executeAtMs }) => ({
        execute_at: new Date(executeAtMs).toISOString(),
        callback: { type: 'nats', topic: stream.topic, jetstream: true, payload: { key, version: 1 } },
      })),
      `batch-${from}`,
    );
    if (response.ids.length !== timers.length)
      throw new Error(`creating a batch returned ${response.status}: ${response.message}`);
    const confirmedMs = Date.now();
    timers.forEach(({ key, executeAtMs }, index) => {
      const id = response.ids[index] ?? '';
      deliveryLog.recordTimer(
        key,
        { id, type: 'nats' },
        { version: 1, executeAtMs, requestedMs: startMs, confirmedMs },
      );
    });
  }
}

async function waitForMessages({ stream }: ChaosEnvironment, count: number): Promise<void> {
  while ((await stream.stored()) < count) await delay(POLL_MS);
}

/** Kills the only service, reads the state that it left, and starts another service. */
async function killAndReplace({
  fleet,
  stream,
  db,
}: ChaosEnvironment): Promise<{ kill: Kill; faultInterval: FaultInterval }> {
  const fromMs = Date.now();
  await Promise.all(fleet.running.map((service) => service.kill()));
  // The server may still execute a statement of the killed service; its connections close after that.
  for (;;) {
    const [row] = await queryWithRetries<{ open: number }>(
      db,
      `SELECT count(*)::integer AS open FROM pg_stat_activity WHERE application_name LIKE 'timer-service%'`,
    );
    if (row?.open === 0) break;
    await delay(POLL_MS);
  }
  const [stored, statuses] = [await stream.stored(), await statusCounts(db)];
  const kill = {
    stored,
    unsettled: stored - (statuses['completed'] ?? 0),
    executing: statuses['executing'] ?? 0,
  };
  await fleet.add();
  return { kill, faultInterval: { name: 'kill -9', outage: 'all', fromMs, toMs: Date.now() } };
}

/**
 * Kills the only service repeatedly while it publishes to a stream, and counts the messages. A timer whose message was
 * stored but not settled is published again; only `Nats-Msg-Id` prevents a second message in the stream.
 */
export function runJetStreamKills({
  timers,
  kills: killCount,
  log,
}: JetStreamKillsOptions): Promise<JetStreamKillsResult> {
  const deliveryLog = new DeliveryLog();
  const random = seededRandom(0);
  return withChaosEnvironment({ random, currentLog: () => deliveryLog }, async (environment) => {
    const { fleet, db, nats, stream } = environment;
    // A core NATS subscription also receives the messages that the stream drops as duplicates.
    const published = new DeliveryLog();
    const subscription = await openSubscription(nats.url, published);
    try {
      await fleet.add();
      await createTimers(environment, timers, deliveryLog);
      log(`${timers} timers accepted`);
      const kills: Kill[] = [];
      const faultIntervals: FaultInterval[] = [];
      for (let number = 1; number <= killCount; number += 1) {
        await waitForMessages(environment, Math.floor((number * timers) / (killCount + 1)));
        const { kill, faultInterval } = await killAndReplace(environment);
        kills.push(kill);
        faultIntervals.push(faultInterval);
        log(
          `kill ${number} of ${killCount}: ${kill.stored} messages in the stream, ${kill.unsettled} of them not settled, ${kill.executing} timers claimed`,
        );
      }
      const unfinished = await waitUntilFinished(db, FINISH_TIMEOUT_MS);
      await subscription.collect(published);
      const stored = await stream.stored();
      const statuses = await statusCounts(db);
      await stream.collect(deliveryLog);
      const verdict = judge(deliveryLog.timers, {
        faultIntervals,
        failedAttempts: await failedAttempts(db),
      });
      // A timer may lose several services in a row, so its recovery time is reported but not limited.
      const problems = [
        ...unfinished,
        ...describeCrashes(fleet),
        ...findProblems(verdict, Number.POSITIVE_INFINITY),
      ];
      if (stored !== timers) problems.push(`${stored} messages in the stream for ${timers} timers`);
      if (statuses['completed'] !== timers)
        problems.push(`${statuses['completed'] ?? 0} of ${timers} timers are completed`);
      if (killCount > 0 && kills.every(({ unsettled }) => unsettled === 0))
        problems.push('no kill came between a message and its settle: the run is not conclusive');
      return {
        accepted: verdict.accepted,
        published: published.arrivalCount,
        stored,
        statuses,
        kills,
        verdict,
        problems,
      };
    } finally {
      await subscription.stop();
    }
  });
}
