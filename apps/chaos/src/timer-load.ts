import { setTimeout as delay } from 'node:timers/promises';
import type { RetryPolicy } from '@timer-platform/callback-types';
import type { ChaosPayload, DeliveryLog, LoggedTimer } from './delivery-log.ts';
import type { Random } from './random.ts';
import type { TimerClient } from './timer-client.ts';

export interface LoadOptions {
  readonly client: TimerClient;
  /** Milliseconds since 1970 by the clock of PostgreSQL. */
  readonly databaseMs: () => number;
  readonly deliveryLog: DeliveryLog;
  readonly random: Random;
  readonly httpUrl: string;
  readonly natsTopic: string;
  /** Prefix that makes keys unique over all rounds. */
  readonly name: string;
  readonly timers: number;
  /** How long timers are created, in milliseconds; the last are due a few seconds later. */
  readonly spanMs: number;
  readonly retry: RetryPolicy;
  /** Share of NATS timers that are published without JetStream, from 0 to 1. */
  readonly coreNats: number;
}

const BATCH = 20;
/** Shares of the timers, from 0 to 1. */
const UPDATED = 0.1;
const CANCELED = 0.1;
const NATS = 0.3;
/** Time from creation to the due instant, in milliseconds. */
const AHEAD = { least: 300, most: 6_000 };
/** Short, so that a hanging receiver is soon retried. */
const TIMEOUT_MS = 2_000;

function callbackOf(type: LoggedTimer['type'], payload: ChaosPayload, options: LoadOptions): object {
  return type === 'http'
    ? { type, url: options.httpUrl, timeout_ms: TIMEOUT_MS, payload }
    : { type, topic: options.natsTopic, jetstream: options.random.next() >= options.coreNats, payload };
}

/** Creates timers evenly over the span, updates and cancels some of them, and records what the service confirms. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const { random, timers, spanMs } = options;
  const batches = Math.ceil(timers / BATCH);
  const inProgress: Promise<void>[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const size = Math.min(BATCH, timers - batch * BATCH);
    inProgress.push(createBatch(options, `${options.name}-${batch}`, size));
    await delay((spanMs / batches) * random.between(0.5, 1.5));
  }
  await Promise.all(inProgress);
}

async function createBatch(options: LoadOptions, name: string, size: number): Promise<void> {
  const { client, databaseMs, deliveryLog, random } = options;
  // A batch is rejected as a whole if its timers became due while no service responded; then a new one is created.
  for (let attempt = 0; ; attempt += 1) {
    const requestedMs = Date.now();
    const timers = Array.from({ length: size }, (_, index) => ({
      key: `${name}-${attempt}-${index}`,
      type: random.next() < NATS ? ('nats' as const) : ('http' as const),
      executeAtMs: Math.floor(databaseMs()) + random.integer(AHEAD.least, AHEAD.most),
    }));
    const response = await client.create(
      timers.map(({ key, type, executeAtMs }) => ({
        execute_at: new Date(executeAtMs).toISOString(),
        callback: callbackOf(type, { key, version: 1 }, options),
        retry: options.retry,
      })),
      `${name}-${attempt}`,
    );
    if (response.status === 400) continue;
    if (response.ids.length !== size)
      throw new Error(`creating a batch returned ${response.status}: ${response.message}`);
    const confirmedMs = Date.now();
    await Promise.all(
      timers.map(({ key, type, executeAtMs }, index) => {
        const id = response.ids[index] ?? '';
        const timer = deliveryLog.recordTimer(
          key,
          { id, type },
          { version: 1, executeAtMs, requestedMs, confirmedMs },
        );
        const share = random.next();
        if (share < UPDATED) return update(options, key, timer, executeAtMs);
        if (share < UPDATED + CANCELED) return cancel(options, timer);
        return Promise.resolve();
      }),
    );
    return;
  }
}

async function update(
  options: LoadOptions,
  key: string,
  timer: LoggedTimer,
  executeAtMs: number,
): Promise<void> {
  const { client, databaseMs, random } = options;
  await delay(random.between(0, 2_000));
  const requestedMs = Date.now();
  const laterMs = Math.max(executeAtMs, databaseMs()) + random.integer(1_000, 3_000);
  const response = await client.update(timer.id, {
    execute_at: new Date(laterMs).toISOString(),
    callback: callbackOf(timer.type, { key, version: 2 }, options),
  });
  // A rejected retry may follow an update that took effect and was already delivered.
  if (response.status === 200 || response.retried)
    timer.versions.push({
      version: 2,
      executeAtMs: laterMs,
      requestedMs,
      confirmedMs: response.status === 200 ? Date.now() : undefined,
    });
}

async function cancel({ client, random }: LoadOptions, timer: LoggedTimer): Promise<void> {
  await delay(random.between(0, 3_000));
  const response = await client.cancel(timer.id);
  // "cannot cancel timer with status 'canceled'": an earlier attempt canceled it, and its response was lost.
  if (response.status === 200 || (response.retried && response.message.includes(`'canceled'`)))
    timer.canceledMs = Date.now();
}
