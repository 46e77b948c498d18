import { type HeaderKeys, NO_HEADER_KEYS } from '@timer-platform/database';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import type { ApiContext, CallbackCheck, MetricsText } from './api-context.ts';
import type { Api } from './api-instance.ts';
import { openApiKeyRing } from './auth/api-key-ring.ts';
import { createAuthentication } from './auth/authenticate.ts';
import type { ConsoleFactory } from './console/console.ts';
import { type RouteMethods, trackRoutes } from './http/allowed-methods.ts';
import { ApiError, errorOf } from './http/api-error.ts';
import { respondToMalformedRequest, sendError, toApiError } from './http/error-handler.ts';
import { parseJsonBodies } from './http/parse-json-body.ts';
import { validateRequest } from './http/validation.ts';
import { documentApi } from './openapi/openapi.ts';
import { listActionsRoute } from './routes/actions/list-actions.ts';
import { undoActionRoute } from './routes/actions/undo-action.ts';
import { cancelTimersRoute } from './routes/bulk/cancel-timers.ts';
import { rescheduleTimersRoute } from './routes/bulk/reschedule-timers.ts';
import { retryTimersRoute } from './routes/bulk/retry-timers.ts';
import { runTimersRoute } from './routes/bulk/run-timers.ts';
import { cancelTimerRoute } from './routes/cancel-timer.ts';
import { cancelTimerByKeyRoute } from './routes/cancel-timer-by-key.ts';
import { createTimerRoute } from './routes/create-timer.ts';
import { createTimersRoute } from './routes/create-timers.ts';
import { getTimerRoute } from './routes/get-timer.ts';
import { getTimerByKeyRoute } from './routes/get-timer-by-key.ts';
import { healthRoutes } from './routes/health.ts';
import { listAttemptsRoute } from './routes/list-attempts.ts';
import { listTimersRoute } from './routes/list-timers.ts';
import { metricsRoute } from './routes/metrics.ts';
import { operationRoutes } from './routes/operations/operation-routes.ts';
import { putTimerByKeyRoute } from './routes/put-timer-by-key.ts';
import { retryTimerRoute } from './routes/retry-timer.ts';
import { runTimerRoute } from './routes/run-timer.ts';
import { backfillScheduleRoute } from './routes/schedules/backfill-schedule.ts';
import { deleteScheduleRoute } from './routes/schedules/delete-schedule.ts';
import { getScheduleRoute } from './routes/schedules/get-schedule.ts';
import { listOccurrencesRoute } from './routes/schedules/list-occurrences.ts';
import { listSchedulesRoute } from './routes/schedules/list-schedules.ts';
import { pauseScheduleRoute } from './routes/schedules/pause-schedule.ts';
import { previewScheduleRoute } from './routes/schedules/preview-schedule.ts';
import { putScheduleRoute } from './routes/schedules/put-schedule.ts';
import { resumeScheduleRoute } from './routes/schedules/resume-schedule.ts';
import { triggerScheduleRoute } from './routes/schedules/trigger-schedule.ts';
import { updateTimerRoute } from './routes/update-timer.ts';

export interface ApiOptions extends Omit<
  ApiContext,
  'checkCallback' | 'dispatchProblem' | 'headerKeys' | 'wakeSchedules' | 'finishedForMs'
> {
  readonly log: Logger;
  /** Absent: every callback may be stored. */
  readonly checkCallback?: CallbackCheck;
  /** Absent: the process delivers timers, or is not expected to. */
  readonly dispatchProblem?: () => string | undefined;
  /** How long `close` waits for requests in progress before it breaks their connections, in milliseconds. */
  readonly closeGraceMs?: number;
  /** Absent: this process does not materialize occurrences. */
  readonly wakeSchedules?: () => void;
  /** Absent: finished timers are kept for ever. */
  readonly finishedForMs?: number | undefined;
  /** Absent: headers are stored unencrypted. */
  readonly headerKeys?: HeaderKeys;
  /** Renders the response of /metrics; absent: no /metrics. */
  readonly metrics?: () => Promise<MetricsText>;
  /** Creates the console; absent: none is served, and cookies are ignored. */
  readonly console?: ConsoleFactory;
  /** Adds the routes of development mode. They need no API key and are not in the OpenAPI document. */
  readonly devRoutes?: (app: FastifyInstance) => void | Promise<void>;
}

/** Default of {@link ApiOptions.closeGraceMs}. */
const CLOSE_GRACE_MS = 10_000;

/** Time limit for a client to send a request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Creates the HTTP API. `listen` starts it, `close` stops it after the requests in progress, or the grace.
 *
 * @throws when the API keys in the settings are invalid, or the path of the console is one of the API
 */
export async function createServer(options: ApiOptions): Promise<FastifyInstance> {
  const { settings } = options;
  const log: FastifyBaseLogger = options.log;
  const context: ApiContext = {
    ...options,
    checkCallback: options.checkCallback ?? (() => undefined),
    dispatchProblem: options.dispatchProblem ?? (() => undefined),
    headerKeys: options.headerKeys ?? NO_HEADER_KEYS,
    wakeSchedules: options.wakeSchedules ?? (() => undefined),
    finishedForMs: options.finishedForMs,
  };
  const respondWithError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    void sendError(toApiError(error, request), reply);
  };
  const app: Api = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Requests on open connections are still served while the server closes: the database closes after it.
    return503OnClosing: false,
    trustProxy: settings.trustedProxies.length > 0 ? settings.trustedProxies : false,
    routerOptions: { maxParamLength: 1_024 },
    frameworkErrors: respondWithError,
    clientErrorHandler: respondToMalformedRequest,
  }).withTypeProvider<ZodTypeProvider>();

  const keys = await openApiKeyRing(settings, log);
  app.addHook('onClose', () => {
    keys.close();
  });
  app.decorateRequest('apiKey', null);
  app.decorateRequest('consoleSession', null);
  app.setErrorHandler(respondWithError);
  app.setValidatorCompiler(validateRequest);
  // Typed code builds the responses, and tests check them against the schemas.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  parseJsonBodies(app);
  closeConnections(app, options.closeGraceMs ?? CLOSE_GRACE_MS);
  const paths = trackRoutes(app);
  handleUnknownPaths(app, paths);
  app.addHook('onRequest', async (_, reply) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  if (settings.docs) await documentApi(app);
  healthRoutes(app, context);
  const { metrics } = options;
  if (metrics !== undefined && settings.metricsPublic) metricsRoute(app, metrics);
  const operatorConsole = options.console?.({ db: options.db, keys, settings: settings.console });
  const authentication = createAuthentication({
    keys,
    limits: settings,
    clock: options.clock,
    sessions: operatorConsole?.sessions,
  });
  await app.register((secured: Api, _, done) => {
    authentication.protect(secured);
    operatorConsole?.recordActions(secured);
    if (metrics !== undefined && !settings.metricsPublic) metricsRoute(secured, metrics);
    createTimerRoute(secured, context);
    createTimersRoute(secured, context);
    listTimersRoute(secured, context);
    getTimerRoute(secured, context);
    listAttemptsRoute(secured, context);
    updateTimerRoute(secured, context);
    cancelTimerRoute(secured, context);
    retryTimerRoute(secured, context);
    cancelTimersRoute(secured, context);
    runTimersRoute(secured, context);
    rescheduleTimersRoute(secured, context);
    retryTimersRoute(secured, context);
    listActionsRoute(secured, context);
    undoActionRoute(secured, context);
    runTimerRoute(secured, context);
    putTimerByKeyRoute(secured, context);
    getTimerByKeyRoute(secured, context);
    cancelTimerByKeyRoute(secured, context);
    previewScheduleRoute(secured, context);
    listSchedulesRoute(secured, context);
    putScheduleRoute(secured, context);
    getScheduleRoute(secured, context);
    deleteScheduleRoute(secured, context);
    pauseScheduleRoute(secured, context);
    resumeScheduleRoute(secured, context);
    triggerScheduleRoute(secured, context);
    backfillScheduleRoute(secured, context);
    listOccurrencesRoute(secured, context);
    operationRoutes(secured, context, authentication);
    done();
  });
  const { devRoutes } = options;
  if (devRoutes !== undefined) await app.register(async (dev) => devRoutes(dev));
  if (operatorConsole !== undefined) {
    const { path } = settings.console;
    if (paths.isBelowRoute(path))
      throw new Error(`CONSOLE_PATH ${path} is a path of the API: choose another, such as /console`);
    await operatorConsole.register(app, authentication);
  }
  return app;
}

/**
 * While the server closes, also closes connections that become idle only after their last response was sent, and all
 * others after the grace: a silent database would hold up their requests for more than half a minute.
 */
function closeConnections(app: Api, graceMs: number): void {
  app.addHook('preClose', (done) => {
    const idle = setInterval(() => {
      app.server.closeIdleConnections();
    }, 50);
    const all = setTimeout(() => {
      app.server.closeAllConnections();
    }, graceMs);
    const stop = (): void => {
      clearInterval(idle);
      clearTimeout(all);
    };
    app.server.once('close', stop);
    if (!app.server.listening) stop();
    done();
  });
}

function handleUnknownPaths(app: Api, paths: RouteMethods): void {
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = paths.methodsOf(path);
    const error =
      methods.length === 0
        ? errorOf('path_not_found', 'not found: no such path')
        : new ApiError('methodNotAllowed', `${path} allows ${methods.join(', ')}`, {
            headers: { allow: methods.join(', ') },
          });
    void sendError(error, reply);
  });
}
