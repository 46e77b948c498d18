import { hostname } from 'node:os';
import { matchCallback } from '@timer-platform/callback-types';
import {
  checkSchema,
  connect,
  type Database,
  decryptHeaders,
  oldestDueAge,
  SchemaError,
} from '@timer-platform/database';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createServer } from './api/server.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { dispatchStatements } from './dispatch/statements.ts';
import { finishedTimersPruner } from './maintenance/prune-finished-timers.ts';
import { idempotencyKeysPruner } from './maintenance/prune-idempotency-keys.ts';
import type { Pruner } from './maintenance/pruner.ts';
import { observeDispatch } from './observability/dispatch-logging.ts';
import { createMetrics } from './observability/metrics.ts';
import { closeTransports } from './transports/close-transports.ts';
import { createTransports } from './transports/create-transports.ts';
import { egressDenialReason } from './transports/egress/egress-policy.ts';
import { createEgressPolicy } from './transports/transport-settings.ts';

export interface ServiceOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Returns a number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Adds the routes of development mode. */
  readonly devRoutes?: (app: FastifyInstance) => void;
}

/** A running timer service. */
export interface Service {
  /** Base URL of the API. */
  readonly url: string;
  /** Resolves when the dispatcher claims timers; it waits for the database until then. */
  readonly dispatching: Promise<void>;
  /** Stops claiming, finishes the attempts and requests in progress, closes every connection. Idempotent. */
  stop(): Promise<void>;
}

const NATS_NOT_CONFIGURED = 'NATS is not configured in this service: set NATS_URL or NATS_HOST';

/** One each for the claim, the three kinds of settle and the heartbeat. Separate from the API, so clients cannot exhaust them. */
const DISPATCHER_CONNECTIONS = 5;

/**
 * Starts the API and the dispatcher on one database. Resolves when the API listens, even while the database is
 * unreachable: /healthz then reports it, and the dispatcher starts once the database responds.
 *
 * @throws {SchemaError} when the database lacks a migration
 * @throws when the port cannot be opened or the API keys are invalid
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, databaseUrl, log, clock, random, devRoutes } = options;
  const openDatabase = (role: string, poolSize: number, byIndexOnly: boolean): Database =>
    connect({
      url: databaseUrl,
      applicationName: `timer-service ${role}`,
      poolSize,
      byIndexOnly,
      transactionPooler: config.transactionPooler,
      onIdleError: (error) => {
        log.warn({ err: error }, 'a database connection was lost and will be replaced');
      },
    });
  const apiDatabase = openDatabase('api', config.databasePoolSize, false);
  const dispatchDatabase = openDatabase('dispatcher', DISPATCHER_CONNECTIONS, true);

  const egressPolicy = createEgressPolicy(config.transports, config.mode === 'development');
  const transports = createTransports(config.transports, { clock, log, egressPolicy });
  const metrics = createMetrics({
    load: () => dispatcher.load,
    breakerStates: () => dispatcher.breakerStates,
    oldestDueAge: () => oldestDueAge(apiDatabase),
  });
  const dispatcher = new Dispatcher({
    statements: dispatchStatements(dispatchDatabase, `${hostname()}:${process.pid}`),
    transports,
    decryptHeaders: (timerId, stored) => decryptHeaders(config.headerKeys, timerId, stored),
    settings: config.dispatch,
    clock,
    random,
    observer: observeDispatch(metrics, log),
  });
  const api = await createServer({
    db: apiDatabase,
    settings: config.api,
    log,
    clock,
    wake: (dueMs) => {
      dispatcher.wake(dueMs);
    },
    checkCallback: (callback) =>
      matchCallback(callback, {
        http: ({ url }) => egressDenialReason(url, egressPolicy),
        nats: () => (config.transports.nats === undefined ? NATS_NOT_CONFIGURED : undefined),
      }),
    headerKeys: config.headerKeys,
    metrics: metrics.render,
    ...(devRoutes === undefined ? {} : { devRoutes }),
  });
  let url: string;
  try {
    await checkSchema(apiDatabase).catch((error: unknown) => {
      if (error instanceof SchemaError) throw error;
      log.warn({ err: error }, 'the database is unreachable; dispatching starts when it responds');
    });
    const host = config.api.host ?? (config.mode === 'development' ? '127.0.0.1' : '0.0.0.0');
    url = await api.listen({ host, port: config.api.port });
  } catch (error) {
    await Promise.all([api.close(), closeTransports(transports)]);
    await Promise.all([apiDatabase.close(), dispatchDatabase.close()]);
    throw error;
  }
  const pruners = startPruners(options, apiDatabase);
  const dispatching = config.dispatch.enabled ? dispatcher.start() : Promise.resolve();

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    // The API closes last: it keeps responding while attempts finish, so a load balancer sees no errors meanwhile.
    await Promise.all([dispatcher.stop(), ...pruners.map((pruner) => pruner.stop())]);
    await api.close();
    await Promise.all([apiDatabase.close(), dispatchDatabase.close()]);
  }
  return { url, dispatching, stop: () => (stopped ??= stop()) };
}

/** Starts the pruners, which keep tables from growing without bound. */
function startPruners({ config, log, clock, random }: ServiceOptions, db: Database): Pruner[] {
  const { finishedForMs } = config.maintenance;
  const parts = { monotonicMs: () => clock.monotonicMs(), random };
  const pruners = [idempotencyKeysPruner(db, config.api.idempotencyKeyHours * 3_600_000, log, parts)];
  // Only on processes that dispatch: a process that only serves the API does no background work for timers.
  if (finishedForMs !== undefined && config.dispatch.enabled)
    pruners.push(finishedTimersPruner(db, finishedForMs, log, parts));
  for (const pruner of pruners) pruner.start();
  return pruners;
}
