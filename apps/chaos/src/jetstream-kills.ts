import { setTimeout as delay } from 'node:timers/promises';
import { patiently } from './faults.ts';
import { crashesOf } from './fleet.ts';
import { Ledger } from './ledger.ts';
import { seededRandom } from './random.ts';
import { openSubscription } from './receivers.ts';
import { type Stage, withStage } from './stage.ts';
import { failedAttempts, statusCounts, waitForQuiet } from './timer-rows.ts';
import { type Disturbance, faultsOf, judge, type Verdict } from './verdict.ts';

export interface JetStreamKillsOptions {
  readonly timers: number;
  /** How often the only service is killed; evenly over the messages. */
  readonly kills: number;
  readonly log: (line: string) => void;
}

/** How things stood when the service was killed; what earlier kills left may still be among it. */
export interface Kill {
  /** Messages in the stream. */
  readonly stored: number;
  /** Timers whose message is in the stream, and which their row does not tell as completed. */
  readonly unsettled: number;
  /** Timers that the service had claimed. */
  readonly executing: number;
}

export interface JetStreamKillsResult {
  readonly accepted: number;
  /** Messages that came to the server, the ones included that the stream took for duplicates. */
  readonly published: number;
  /** Messages in the stream. */
  readonly stored: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly kills: readonly Kill[];
  readonly verdict: Verdict;
  /** What must not happen, in words. */
  readonly faults: readonly string[];
}

const BATCH = 1_000;
/** For all timers to be stored before the first is due. */
const LEAD_MS = 10_000;
const SPAN_MS = 20_000;
const POLL_MS = 5;
const QUIET_WITHIN_MS = 180_000;

/** Stores timers that are due evenly over a span, and writes them down. */
async function storeTimers({ client, stream }: Stage, timers: number, ledger: Ledger): Promise<void> {
  const startMs = Date.now() + LEAD_MS;
  for (let from = 0; from < timers; from += BATCH) {
    const planned = Array.from({ length: Math.min(BATCH, timers - from) }, (_, index) => ({
      key: `timer-${from + index}`,
      executeAtMs: startMs + Math.floor(((from + index) * SPAN_MS) / timers),
    }));
    const answer = await client.create(
      planned.map(({ key, executeAtMs }) => ({
        execute_at: new Date(executeAtMs).toISOString(),
        callback: { type: 'nats', topic: stream.topic, jetstream: true, payload: { key, version: 1 } },
      })),
      `batch-${from}`,
    );
    if (answer.ids.length !== planned.length)
      throw new Error(`a batch was answered ${answer.status}: ${answer.message}`);
    const confirmedMs = Date.now();
    planned.forEach(({ key, executeAtMs }, index) => {
      const id = answer.ids[index] ?? '';
      ledger.accepted(key, { id, type: 'nats' }, { version: 1, executeAtMs, confirmedMs });
    });
  }
}

async function waitForMessages(stage: Stage, count: number): Promise<void> {
  while ((await stage.stream.stored()) < count) await delay(POLL_MS);
}

/** Kills the only service, tells what that hit, and starts another. */
async function killAndReplace({
  fleet,
  stream,
  db,
}: Stage): Promise<{ kill: Kill; disturbance: Disturbance }> {
  const fromMs = Date.now();
  await Promise.all(fleet.running.map((service) => service.kill()));
  // A statement that the service had sent may still be under way: its connections end when they are done.
  for (;;) {
    const [row] = await patiently<{ open: number }>(
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
  return { kill, disturbance: { name: 'kill -9', outage: 'all', fromMs, toMs: Date.now() } };
}

/**
 * Kills the only service again and again while it publishes to a stream, and counts the messages: a timer whose
 * message was stored but not settled is published again, and only `Nats-Msg-Id` keeps that from being a second message.
 */
export function runJetStreamKills({
  timers,
  kills,
  log,
}: JetStreamKillsOptions): Promise<JetStreamKillsResult> {
  const ledger = new Ledger();
  return withStage({ random: seededRandom(0), ledger: () => ledger }, async (stage) => {
    const { fleet, db, nats, stream } = stage;
    // A plain subscriber gets what is published, also what the stream then drops as a duplicate.
    const published = new Ledger();
    const subscription = await openSubscription(nats.url, published);
    try {
      await fleet.add();
      await storeTimers(stage, timers, ledger);
      log(`${timers} timers accepted`);
      const hits: Kill[] = [];
      const disturbances: Disturbance[] = [];
      for (let number = 1; number <= kills; number += 1) {
        await waitForMessages(stage, Math.floor((number * timers) / (kills + 1)));
        const { kill, disturbance } = await killAndReplace(stage);
        hits.push(kill);
        disturbances.push(disturbance);
        log(
          `kill ${number} of ${kills}: ${kill.stored} messages in the stream, ${kill.unsettled} of them not settled, ${kill.executing} timers claimed`,
        );
      }
      const unended = await waitForQuiet(db, QUIET_WITHIN_MS);
      await subscription.collect(published);
      const stored = await stream.stored();
      const statuses = await statusCounts(db);
      await stream.collect(ledger);
      // A timer may lose several services in a row: how late that makes it is shown, and no fault.
      const verdict = judge(ledger.entries, disturbances, await failedAttempts(db));
      const faults = [...unended, ...crashesOf(fleet), ...faultsOf(verdict, Number.POSITIVE_INFINITY)];
      if (stored !== timers) faults.push(`${stored} messages in the stream of ${timers} timers`);
      if (statuses['completed'] !== timers)
        faults.push(`${statuses['completed'] ?? 0} of ${timers} timers are completed`);
      if (kills > 0 && hits.every(({ unsettled }) => unsettled === 0))
        faults.push('no kill came between a message and its settling: the run shows nothing');
      return {
        accepted: verdict.accepted,
        published: published.arrivals,
        stored,
        statuses,
        kills: hits,
        verdict,
        faults,
      };
    } finally {
      await subscription.stop();
    }
  });
}
