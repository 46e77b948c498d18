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
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Further routes, of development mode. */
  readonly devRoutes?: (app: FastifyInstance) => void;
}

/** A running timer service. */
export interface Service {
  /** Where the API listens. */
  readonly url: string;
  /** Resolves when the dispatcher claims timers; before that the database has not answered. */
  readonly dispatching: Promise<void>;
  /** Stops claiming, finishes what is under way, closes every connection. Idempotent. */
  stop(): Promise<void>;
}

const NATS_NOT_CONFIGURED = 'NATS is not configured in this service: set NATS_URL, or NATS_HOST';

/** Connections of the dispatcher: a claim, the three kinds of settle, the heartbeat. Clients cannot use them up. */
const DISPATCHER_CONNECTIONS = 5;

/**
 * Starts the API and the dispatcher on one database. Resolves when the API listens, also while the database is away:
 * then /healthz says so, and the dispatcher begins when it is back.
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
        log.warn({ err: error }, 'a connection to the database broke; it will be replaced');
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
    refuseDestination: (callback) =>
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
      log.warn({ err: error }, 'the database does not answer yet; timers are dispatched when it does');
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
    // The API last: it answers while attempts end, so that a balancer sees no gap before the process is out of it.
    await Promise.all([dispatcher.stop(), ...pruners.map((pruner) => pruner.stop())]);
    await api.close();
    await Promise.all([apiDatabase.close(), dispatchDatabase.close()]);
  }
  return { url, dispatching, stop: () => (stopped ??= stop()) };
}

/** Starts what keeps tables from growing without bound. */
function startPruners({ config, log, clock, random }: ServiceOptions, db: Database): Pruner[] {
  const { finishedForMs } = config.maintenance;
  const parts = { monotonicMs: () => clock.monotonicMs(), random };
  const pruners = [idempotencyKeysPruner(db, config.api.idempotencyKeyHours * 3_600_000, log, parts)];
  // Left to the processes that dispatch: one that only answers the API does no work in the background for them.
  if (finishedForMs !== undefined && config.dispatch.enabled)
    pruners.push(finishedTimersPruner(db, finishedForMs, log, parts));
  for (const pruner of pruners) pruner.start();
  return pruners;
}
