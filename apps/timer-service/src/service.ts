import { hostname } from 'node:os';
import {
  checkPrivileges,
  checkSchema,
  connect,
  type ConnectOptions,
  type Database,
  decryptHeaders,
  DueListener,
  type InstallationSettings,
  notifyDue,
  oldestDueAge,
  PrivilegeError,
  recordInstallationSettings,
  scheduleLag,
  SchemaError,
} from '@timer-platform/database';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ConsoleFactory } from './api/console/console.ts';
import { createServer } from './api/server.ts';
import { callbackCheck } from './callback-check.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { DueNotifier } from './dispatch/due-notifier.ts';
import type { DispatchObserver } from './dispatch/observer.ts';
import { processTimeline } from './dispatch/process-timeline.ts';
import { dispatchStatements } from './dispatch/statements.ts';
import { recordedEgressPolicy } from './installation/recorded-egress-policy.ts';
import { settingsDifferences } from './installation/settings-differences.ts';
import { SettingsRecorder } from './installation/settings-recorder.ts';
import { createPruners } from './maintenance/create-pruners.ts';
import { Materializer } from './materialize/materializer.ts';
import { scheduleStatements } from './materialize/statements.ts';
import { observeBoth, observeDispatch } from './observability/dispatch-logging.ts';
import { createMetrics } from './observability/metrics.ts';
import { ActivityRecorder } from './observability/report/activity-recorder.ts';
import { createReportLoop } from './observability/report/create-report-loop.ts';
import { observeSchedules } from './observability/schedule-logging.ts';
import { compileStoredRecurrence } from './schedules/recurrence/index.ts';
import { waitAtMost } from './sleep.ts';
import type { Timeline } from './timeline.ts';
import { closeTransports } from './transports/close-transports.ts';
import { createTransports, type TransportContext } from './transports/create-transports.ts';
import { serviceVersion } from './transports/http/service-version.ts';
import { createEgressPolicy } from './transports/transport-settings.ts';

export interface ServiceOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** The time in which timers are due; by default that of `clock`. */
  readonly timeline?: Timeline;
  /** Returns a number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Adds the routes of development mode. */
  readonly devRoutes?: (app: FastifyInstance) => void;
  /** Creates the console; absent: none is served. */
  readonly console?: ConsoleFactory | undefined;
  /** Receives the events of the dispatcher, beside logs and metrics. */
  readonly observer?: DispatchObserver;
  /** See HttpTransportOptions.connect. */
  readonly connectHttp?: TransportContext['connect'];
}

/** A running timer service. */
export interface Service {
  /** Base URL of the API. */
  readonly url: string;
  /** Resolves when the dispatcher claims timers; it waits for the database until then. */
  readonly dispatching: Promise<void>;
  /** Shows what the dispatcher does, wakes it after timers were stored, and writes its results early. */
  readonly dispatcher: Pick<Dispatcher, 'load' | 'wake' | 'flush'>;
  /** Materializes schedules; waits until nothing is due. */
  readonly materializer: Pick<Materializer, 'wake' | 'caughtUp'>;
  /** Stops claiming, finishes the attempts and requests in progress, closes every connection. Idempotent. */
  stop(): Promise<void>;
}

/**
 * One each for the claim, the three kinds of settle, batches, rescue, schedules and timers of resumed destinations. Separate
 * from the API, so clients cannot exhaust them.
 */
const DISPATCHER_CONNECTIONS = 8;
/** For what operators set, and for reports to them. */
const OPERATIONS_CONNECTIONS = 2;
/** These must not wait for other statements, nor for a server that does not respond. */
const HEARTBEAT_TIMEOUT_MS = 2_000;
const OPERATIONS_TIMEOUT_MS = 2_000;
/** How long each part may take to close when the database does not respond. */
const CLOSE_GRACE_MS = 3_000;

/**
 * Starts the API and the dispatcher on one database. Resolves when the API listens, even while the database is
 * unreachable: /healthz then reports it, and the dispatcher starts once the database responds.
 *
 * @throws {SchemaError} when the database lacks a migration
 * @throws {PrivilegeError} when the database role lacks a privilege
 * @throws when the port cannot be opened or the API keys are invalid
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, databaseUrl, log, clock, random, devRoutes } = options;
  const { timeline = processTimeline(clock) } = options;
  const openDatabase = (role: string, poolSize: number, more: Partial<ConnectOptions> = {}): Database =>
    connect({
      url: databaseUrl,
      applicationName: `timer-service ${role}`,
      poolSize,
      ...more,
      transactionPooler: config.transactionPooler,
      onIdleError: (error) => {
        log.warn({ err: error }, 'a database connection was lost and will be replaced');
      },
    });
  const apiDatabase = openDatabase('api', config.databasePoolSize);
  const dispatchDatabase = openDatabase('dispatcher', DISPATCHER_CONNECTIONS, { byIndexOnly: true });
  const operationsDatabase = openDatabase('operations', OPERATIONS_CONNECTIONS, {
    byIndexOnly: true,
    timeoutMs: OPERATIONS_TIMEOUT_MS,
  });
  const heartbeatDatabase = openDatabase('heartbeat', 1, { timeoutMs: HEARTBEAT_TIMEOUT_MS });
  const closeDatabases = async (): Promise<void> => {
    const databases = [apiDatabase, dispatchDatabase, operationsDatabase, heartbeatDatabase];
    await Promise.all(databases.map((database) => database.close(CLOSE_GRACE_MS)));
  };

  const egressPolicy = createEgressPolicy(config.transports, config.mode === 'development');
  const transports = createTransports(config.transports, {
    clock: timeline.clock,
    log,
    egressPolicy,
    connect: options.connectHttp,
    // The other processes do not decide what can be delivered.
    onNatsMaxPayload: () => {
      if (config.dispatch.enabled) settingsRecorder.recordSoon();
    },
  });
  const recordSettings = async (): Promise<void> => {
    const own: InstallationSettings = {
      encryptsHeaders: config.headerKeys.current !== undefined,
      deliversNats: config.transports.nats !== undefined,
      egressPolicy: recordedEgressPolicy(egressPolicy),
      natsMaxPayload: transports.nats.maxPayload(),
    };
    const recorded = await recordInstallationSettings(apiDatabase, own, config.dispatch.enabled);
    if (recorded !== undefined) warnOfDifferences(log, recorded, own, config.dispatch.enabled);
  };
  const settingsRecorder = new SettingsRecorder({
    record: recordSettings,
    onError: (error) => {
      log.warn({ err: error }, 'the settings for schedule_timer could not be recorded yet');
    },
  });
  const metrics = createMetrics({
    load: () => dispatcher.load,
    breakerStates: () => dispatcher.breakerStates,
    oldestDueAge: () => oldestDueAge(apiDatabase),
    scheduleLag: () => scheduleLag(apiDatabase),
  });
  const databaseMs = () => timeline.databaseClock.at(timeline.clock.monotonicMs());
  const recorder = new ActivityRecorder(clock.monotonicMs(), databaseMs);
  const processName = `${hostname()}:${process.pid}`;
  const dispatcher = new Dispatcher({
    statements: dispatchStatements(
      { dispatch: dispatchDatabase, heartbeats: heartbeatDatabase, operations: operationsDatabase },
      processName,
    ),
    transports,
    decryptHeaders: (timerId, stored) => decryptHeaders(config.headerKeys, timerId, stored),
    settings: config.dispatch,
    clock,
    timeline,
    random,
    observer: observeBoth(observeDispatch(metrics, recorder, log), options.observer),
  });
  const reportLoop = createReportLoop({
    db: operationsDatabase,
    dispatcher,
    recorder,
    process: {
      name: processName,
      pid: process.pid,
      node: process.version,
      service: serviceVersion(),
      startedMs: clock.wallMs(),
      maxInFlight: config.dispatch.maxInFlight,
    },
    clock,
    timeline,
    onError: (error) => {
      log.warn({ err: error }, 'the report of this dispatcher could not be written; it is written again');
    },
  });
  const materializer = new Materializer({
    statements: scheduleStatements(dispatchDatabase),
    decide: {
      compile: compileStoredRecurrence,
      headerKeys: config.headerKeys,
      timeZoneData: process.versions['tz'] ?? '',
    },
    timeline,
    random,
    observer: observeSchedules(metrics, log),
    onStored: (dueMs) => {
      dispatcher.wake(dueMs);
    },
  });
  const dueNotifier = new DueNotifier({
    notify: (range) => notifyDue(apiDatabase, range),
    wallMs: () => clock.wallMs(),
    onError: (error) => {
      log.warn(
        { err: error },
        'other processes could not be notified of new timers; they find them by polling',
      );
    },
  });
  const dueListener = new DueListener({
    url: databaseUrl,
    applicationName: 'timer-service listener',
    onDue: ({ fromMs, toMs }) => {
      dispatcher.wake(fromMs);
      dispatcher.wake(toMs);
    },
    onError: (error) => {
      log.warn({ err: error }, 'the connection for notifications failed and will be replaced');
    },
  });
  const api = await createServer({
    db: apiDatabase,
    settings: config.api,
    log,
    clock,
    wake: (dueMs) => {
      if (config.dispatch.enabled) dispatcher.wake(dueMs);
      else dueNotifier.stored(dueMs);
    },
    wakeSchedules: () => {
      materializer.wake();
    },
    finishedForMs: config.maintenance.finishedForMs,
    checkCallback: callbackCheck({
      egressPolicy,
      isNatsConfigured: config.transports.nats !== undefined,
      natsMaxPayload: () => transports.nats.maxPayload(),
    }),
    closeGraceMs: CLOSE_GRACE_MS,
    dispatchProblem: () => (config.dispatch.enabled ? dispatcher.problem : undefined),
    headerKeys: config.headerKeys,
    metrics: metrics.render,
    ...(devRoutes === undefined ? {} : { devRoutes }),
    ...(options.console === undefined ? {} : { console: options.console }),
  });
  let url: string;
  try {
    await prepareDatabase(apiDatabase, config, recordSettings).catch((error: unknown) => {
      if (error instanceof SchemaError || error instanceof PrivilegeError) throw error;
      log.warn({ err: error }, 'the database is unreachable; dispatching starts when it responds');
      settingsRecorder.recordSoon();
    });
    settingsRecorder.start();
    const host = config.api.host ?? (config.mode === 'development' ? '127.0.0.1' : '0.0.0.0');
    url = await api.listen({ host, port: config.api.port });
  } catch (error) {
    await Promise.all([api.close(), closeTransports(transports), settingsRecorder.stop()]);
    await closeDatabases();
    throw error;
  }
  const pruners = createPruners(
    {
      idempotencyKeysForMs: config.api.idempotencyKeyHours * 3_600_000,
      ...config.maintenance,
      dispatches: config.dispatch.enabled,
    },
    { db: apiDatabase, log, monotonicMs: () => clock.monotonicMs(), random },
  );
  for (const pruner of pruners) pruner.start();
  // A pooler assigns connections per transaction: nothing could be received.
  if (config.dispatch.enabled && !config.transactionPooler) dueListener.start();
  const dispatching = config.dispatch.enabled
    ? dispatcher.start().then(() => {
        materializer.start();
        reportLoop.start();
      })
    : Promise.resolve();

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    // The API closes last: it keeps responding while attempts finish, so a load balancer sees no errors meanwhile.
    const prunersStopped = Promise.all(pruners.map((pruner) => pruner.stop())).then(() => undefined);
    const materializerStopped = waitAtMost(CLOSE_GRACE_MS, materializer.stop());
    // While the dispatcher still has its lease.
    const reportsStopped = waitAtMost(CLOSE_GRACE_MS, reportLoop.stop());
    await Promise.all([
      reportsStopped,
      dispatcher.stop(),
      waitAtMost(CLOSE_GRACE_MS, prunersStopped),
      materializerStopped,
    ]);
    await api.close();
    await waitAtMost(CLOSE_GRACE_MS, settingsRecorder.stop());
    dueNotifier.stop();
    await dueListener.stop();
    await closeDatabases();
  }
  return { url, dispatching, dispatcher, materializer, stop: () => (stopped ??= stop()) };
}

async function prepareDatabase(
  db: Database,
  config: Config,
  recordSettings: () => Promise<void>,
): Promise<void> {
  await checkSchema(db);
  await checkPrivileges(db, config.dispatch.enabled ? 'dispatcher' : 'api');
  await recordSettings();
}

function warnOfDifferences(
  log: Logger,
  recorded: InstallationSettings,
  own: InstallationSettings,
  dispatches: boolean,
): void {
  const message = dispatches
    ? 'this process changed a setting that another one had recorded for schedule_timer; the processes of a database need the same settings'
    : 'the processes that deliver have another value of this setting, which schedule_timer follows; the processes of a database need the same settings';
  for (const difference of settingsDifferences(recorded, own)) log.warn(difference, message);
}
