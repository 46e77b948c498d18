import { setTimeout as delay } from 'node:timers/promises';
import type { RetryPolicy } from '@timer-platform/callback-types';
import type { ChaosPayload, Ledger, LedgerEntry } from './ledger.ts';
import type { Random } from './random.ts';
import type { TimerClient } from './timer-client.ts';

export interface LoadOptions {
  readonly client: TimerClient;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly httpUrl: string;
  readonly natsTopic: string;
  /** Makes keys unique over all rounds. */
  readonly name: string;
  readonly timers: number;
  /** How long timers are created for, in milliseconds; they are due until some seconds later. */
  readonly spanMs: number;
  readonly retry: RetryPolicy;
  /** The share of NATS timers that ask for no acknowledgement of the stream, from 0 to 1. */
  readonly coreNats: number;
}

const BATCH = 20;
/** Shares of the timers that are not left as they are. */
const UPDATED = 0.1;
const CANCELED = 0.1;
const NATS = 0.3;
/** How far ahead timers are stored, in milliseconds. */
const AHEAD = { least: 300, most: 6_000 };
/** Ends soon, so that a receiver that hangs is tried again soon. */
const TIMEOUT_MS = 2_000;

function callbackOf(type: LedgerEntry['type'], payload: ChaosPayload, options: LoadOptions): object {
  return type === 'http'
    ? { type, url: options.httpUrl, timeout_ms: TIMEOUT_MS, payload }
    : { type, topic: options.natsTopic, jetstream: options.random.next() >= options.coreNats, payload };
}

/** Creates timers evenly over the span, changes some and cancels some, and writes down what the service confirms. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const { random, timers, spanMs } = options;
  const batches = Math.ceil(timers / BATCH);
  const under: Promise<void>[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const size = Math.min(BATCH, timers - batch * BATCH);
    under.push(createBatch(options, `${options.name}-${batch}`, size));
    await delay((spanMs / batches) * random.between(0.5, 1.5));
  }
  await Promise.all(under);
}

async function createBatch(options: LoadOptions, name: string, size: number): Promise<void> {
  const { client, ledger, random } = options;
  // A batch whose instants have passed while no service answered is refused whole, and made anew.
  for (let tries = 0; ; tries += 1) {
    const planned = Array.from({ length: size }, (_, index) => ({
      key: `${name}-${tries}-${index}`,
      type: random.next() < NATS ? ('nats' as const) : ('http' as const),
      executeAtMs: Date.now() + random.whole(AHEAD.least, AHEAD.most),
    }));
    const answer = await client.create(
      planned.map(({ key, type, executeAtMs }) => ({
        execute_at: new Date(executeAtMs).toISOString(),
        callback: callbackOf(type, { key, version: 1 }, options),
        retry: options.retry,
      })),
      `${name}-${tries}`,
    );
    if (answer.status === 400) continue;
    if (answer.ids.length !== size)
      throw new Error(`a batch was answered ${answer.status}: ${answer.message}`);
    const confirmedMs = Date.now();
    await Promise.all(
      planned.map(({ key, type, executeAtMs }, index) => {
        const id = answer.ids[index] ?? '';
        const entry = ledger.accepted(key, { id, type }, { version: 1, executeAtMs, confirmedMs });
        const lot = random.next();
        if (lot < UPDATED) return update(options, key, entry, executeAtMs);
        if (lot < UPDATED + CANCELED) return cancel(options, entry);
        return Promise.resolve();
      }),
    );
    return;
  }
}

async function update(
  options: LoadOptions,
  key: string,
  entry: LedgerEntry,
  executeAtMs: number,
): Promise<void> {
  const { client, random } = options;
  await delay(random.between(0, 2_000));
  const laterMs = Math.max(executeAtMs, Date.now()) + random.whole(1_000, 3_000);
  const answer = await client.update(entry.id, {
    execute_at: new Date(laterMs).toISOString(),
    callback: callbackOf(entry.type, { key, version: 2 }, options),
  });
  // Refused the second time it may have been taken the first time, and be delivered already.
  if (answer.status === 200 || answer.repeated)
    entry.versions.push({
      version: 2,
      executeAtMs: laterMs,
      confirmedMs: answer.status === 200 ? Date.now() : undefined,
    });
}

async function cancel({ client, random }: LoadOptions, entry: LedgerEntry): Promise<void> {
  await delay(random.between(0, 3_000));
  const answer = await client.cancel(entry.id);
  // "cannot cancel timer with status 'canceled'": an earlier try has done it, and its answer was lost.
  if (answer.status === 200 || (answer.repeated && answer.message.includes(`'canceled'`)))
    entry.canceledMs = Date.now();
}
