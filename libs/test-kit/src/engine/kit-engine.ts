import { randomUUID } from 'node:crypto';
import { createLogger, type Service, startService } from '@timer-platform/timer-service';
import type { DeliveryRecord } from '../delivery.ts';
import type { EngineAddresses, EngineCalls, EngineOptions, ScheduledTimer } from '../protocol.ts';
import type { ResponseStep } from '../response-script.ts';
import { Activity } from './activity.ts';
import { CatchingReceiver } from './catching-receiver.ts';
import { DeliveryLog } from './delivery-log.ts';
import { findNatsServer } from './find-nats-server.ts';
import { KitStatements } from './kit-statements.ts';
import { NatsCatcher } from './nats-catcher.ts';
import { serviceConfig } from './service-config.ts';
import { type KitDatabase, openKitDatabase } from './shared-postgres.ts';
import { TimeTravel } from './time-travel.ts';
import { VirtualTimeline } from './virtual-timeline.ts';

/** What the engine tells the process of the test. */
export interface EngineListener {
  readonly delivered: (record: DeliveryRecord) => void;
  readonly finished: (index: number, result: DeliveryRecord['result']) => void;
  readonly time: (nowMs: number) => void;
  /** The deliveries of an instant have been made: resolves when the test has done what it wants. */
  readonly settle: () => Promise<void>;
  /** A function of the test chooses the response. */
  readonly ask: (script: number, step: number, record: DeliveryRecord) => Promise<ResponseStep>;
}

export interface EngineEnvironment {
  readonly natsServer: string | undefined;
  readonly searchPath: string;
}

const HOUR_MS = 3_600_000;

/** Closes in reverse order what was opened, all of it, even if one fails. */
async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers.splice(0).reverse())
    await close().catch((error: unknown) => {
      errors.push(error);
    });
  if (errors.length > 0) throw errors[0];
}

/** The timer service, its database and its receivers on one virtual clock. */
export class KitEngine {
  readonly addresses: EngineAddresses;
  readonly #parts: EngineParts;
  readonly #closers: (() => Promise<unknown>)[];
  #run: ServiceRun;

  private constructor(
    parts: EngineParts,
    run: ServiceRun,
    closers: (() => Promise<unknown>)[],
    addresses: EngineAddresses,
  ) {
    this.#parts = parts;
    this.#run = run;
    this.#closers = closers;
    this.addresses = addresses;
  }

  static async start(
    options: EngineOptions,
    environment: EngineEnvironment,
    listener: EngineListener,
  ): Promise<KitEngine> {
    const closers: (() => Promise<unknown>)[] = [];
    try {
      const parts = await openParts(options, environment, listener, closers);
      const run = await startRun(parts, options.startAtMs, 0);
      return new KitEngine(parts, run, closers, {
        url: run.service.url,
        apiKey: parts.apiKey,
        databaseUrl: parts.database.url,
        receiverUrl: parts.receiver.url,
        natsUrl: parts.nats?.url ?? null,
      });
    } catch (error) {
      await closeAll(closers).catch(() => undefined);
      throw error;
    }
  }

  async moveTo({ toMs, maxDeliveries }: EngineCalls['moveTo'][0]): Promise<number> {
    const { statements, listener } = this.#parts;
    const { timeline, travel, idempotencyKeyHours } = this.#run;
    if (toMs !== null && toMs < timeline.nowMs)
      throw new RangeError(
        `The time cannot be moved back, from ${new Date(timeline.nowMs).toISOString()} to ${new Date(toMs).toISOString()}: use reset()`,
      );
    try {
      await travel.moveTo(toMs, maxDeliveries);
    } finally {
      listener.time(timeline.nowMs);
    }
    await statements.pruneIdempotencyKeys(idempotencyKeyHours * HOUR_MS);
    return timeline.nowMs;
  }

  respond({ script, selector, steps }: EngineCalls['respond'][0]): void {
    this.#parts.log.addScript(script, selector, steps);
  }

  pending(): Promise<readonly ScheduledTimer[]> {
    return this.#parts.statements.pending();
  }

  /** Deletes everything that is stored and starts the service again, on the same port. */
  async reset({ startAtMs }: EngineCalls['reset'][0]): Promise<void> {
    const port = Number(new URL(this.addresses.url).port);
    await this.#run.service.stop();
    await this.#parts.statements.clear();
    this.#parts.log.clear();
    this.#run = await startRun(this.#parts, startAtMs, port);
  }

  async stop(): Promise<void> {
    this.#closers.push(() => this.#run.service.stop());
    await closeAll(this.#closers);
  }
}

interface EngineParts {
  readonly options: EngineOptions;
  readonly listener: EngineListener;
  readonly apiKey: string;
  readonly database: KitDatabase;
  readonly statements: KitStatements;
  readonly nats: NatsCatcher | undefined;
  readonly receiver: CatchingReceiver;
  readonly log: DeliveryLog;
  readonly activity: Activity;
  /** The time of the service that runs now. */
  readonly time: { current: VirtualTimeline };
}

async function openParts(
  options: EngineOptions,
  { natsServer, searchPath }: EngineEnvironment,
  listener: EngineListener,
  closers: (() => Promise<unknown>)[],
): Promise<EngineParts> {
  const program =
    options.nats === null ? undefined : findNatsServer(options.nats.program ?? natsServer, searchPath);
  const log = new DeliveryLog();
  const activity = new Activity();
  const time = { current: new VirtualTimeline(options.startAtMs) };
  const nowMs = () => time.current.nowMs;
  const record = (caught: Omit<DeliveryRecord, 'index' | 'attempt'>) => {
    const numbered = log.number(caught);
    listener.delivered(numbered);
    return numbered;
  };
  const database = await openKitDatabase(options.directory);
  closers.push(() => database.close());
  const statements = await KitStatements.connect(database.url);
  closers.push(() => statements.close());
  const receiver = new CatchingReceiver({
    nowMs,
    record,
    respond: (delivery) => {
      const { step, script, index } = log.take(delivery);
      return step.kind === 'ask' ? listener.ask(script, index, delivery) : step;
    },
    finished: (delivery, result) => {
      listener.finished(delivery.index, result);
    },
    onHeld: () => {
      activity.signal();
    },
    after: (ms, call) => time.current.after(ms, call),
    timeoutOf: (timerId) => statements.timeoutOf(timerId),
  });
  await receiver.listen();
  closers.push(() => receiver.close());
  const nats = program === undefined ? undefined : await NatsCatcher.start(program, nowMs, record);
  if (nats !== undefined) closers.push(() => nats.close());
  const apiKey = `test-kit-${randomUUID()}`;
  return { options, listener, apiKey, database, statements, nats, receiver, log, activity, time };
}

/** A service and its time, from one reset to the next. */
interface ServiceRun {
  readonly service: Service;
  readonly timeline: VirtualTimeline;
  readonly travel: TimeTravel;
  readonly idempotencyKeyHours: number;
}

async function startRun(parts: EngineParts, startAtMs: number, port: number): Promise<ServiceRun> {
  const { options, listener, apiKey, database, statements, nats, receiver, log, activity, time } = parts;
  const timeline = new VirtualTimeline(startAtMs);
  time.current = timeline;
  await statements.moveClock(startAtMs);
  let apiRequests = 0;
  const travel = new TimeTravel({
    timeline,
    statements,
    activity,
    settleTimeoutMs: options.settleTimeoutMs,
    surroundings: {
      apiRequests: () => apiRequests,
      held: () => receiver.held,
      isHeld: (timerId) => receiver.holds(timerId),
      nextHeldMs: () => receiver.nextHeldMs,
      settle: options.waitsForTest ? listener.settle : undefined,
      drainNats: async () => nats?.drained(),
      isQuiet: (timer) => timer.url !== null && receiver.catches(timer.url) && log.isQuiet(timer),
      onTime: listener.time,
    },
  });
  const config = serviceConfig({
    databaseUrl: database.url,
    apiKey,
    port,
    natsUrl: nats?.url ?? null,
    settings: options.settings,
  });
  const service = await startService({
    config,
    databaseUrl: database.url,
    log: createLogger({ logLevel: config.logLevel, mode: 'production' }),
    clock: { monotonicMs: () => performance.now(), wallMs: () => timeline.nowMs },
    timeline,
    // Retries come exactly after their delays.
    random: () => 0,
    observer: travel.observer,
    connectHttp: receiver.connect,
    devRoutes: (app) => {
      app.addHook('onRequest', (_, reply, done) => {
        apiRequests += 1;
        reply.raw.once('close', () => {
          apiRequests -= 1;
          activity.signal();
        });
        done();
      });
    },
  });
  travel.attach(service);
  try {
    await service.dispatching;
  } catch (error) {
    await service.stop();
    throw error;
  }
  listener.time(startAtMs);
  return { service, timeline, travel, idempotencyKeyHours: config.api.idempotencyKeyHours };
}
