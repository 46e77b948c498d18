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
import type { ApiContext, MetricsText, RejectCallback } from './api-context.ts';
import type { Api } from './api-instance.ts';
import { openApiKeyRing } from './auth/api-key-ring.ts';
import { requireApiKey } from './auth/authenticate.ts';
import { trackRoutes } from './http/allowed-methods.ts';
import { ApiError } from './http/api-error.ts';
import { respondToMalformedRequest, sendError, toApiError } from './http/error-handler.ts';
import { parseJsonBodies } from './http/parse-json-body.ts';
import { validateRequest } from './http/validation.ts';
import { documentApi } from './openapi/openapi.ts';
import { cancelTimerRoute } from './routes/cancel-timer.ts';
import { createTimerRoute } from './routes/create-timer.ts';
import { createTimersRoute } from './routes/create-timers.ts';
import { getTimerRoute } from './routes/get-timer.ts';
import { healthRoutes } from './routes/health.ts';
import { listAttemptsRoute } from './routes/list-attempts.ts';
import { listTimersRoute } from './routes/list-timers.ts';
import { metricsRoute } from './routes/metrics.ts';
import { retryTimerRoute } from './routes/retry-timer.ts';
import { retryTimersRoute } from './routes/retry-timers.ts';
import { runTimerRoute } from './routes/run-timer.ts';
import { updateTimerRoute } from './routes/update-timer.ts';

export interface ApiOptions extends Omit<ApiContext, 'refuseDestination' | 'headerKeys'> {
  readonly log: Logger;
  /** Tells why a callback may not be stored, for the client to read; absent: everything may. */
  readonly refuseDestination?: RejectCallback;
  /** Absent: headers are stored as they are given. */
  readonly headerKeys?: HeaderKeys;
  /** What /metrics answers; absent: there is no /metrics. */
  readonly metrics?: () => Promise<MetricsText>;
  /** Adds routes of the development mode. They need no key and take no part in the OpenAPI document. */
  readonly devRoutes?: (app: FastifyInstance) => void | Promise<void>;
}

/** How long a client may take to send a request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Builds the HTTP API; `listen` starts it, `close` ends it after the requests under way.
 *
 * @throws when the API keys of the settings cannot be used
 */
export async function createServer(options: ApiOptions): Promise<FastifyInstance> {
  const { settings } = options;
  const log: FastifyBaseLogger = options.log;
  const context: ApiContext = {
    ...options,
    refuseDestination: options.refuseDestination ?? (() => undefined),
    headerKeys: options.headerKeys ?? NO_HEADER_KEYS,
  };
  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    void sendError(toApiError(error, request), reply);
  };
  const app: Api = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // While the server closes, requests on open connections are still served: the database closes after it.
    return503OnClosing: false,
    trustProxy: settings.trustedProxies.length > 0 ? settings.trustedProxies : false,
    routerOptions: { maxParamLength: 1_024 },
    frameworkErrors: answerError,
    clientErrorHandler: respondToMalformedRequest,
  }).withTypeProvider<ZodTypeProvider>();

  const keys = await openApiKeyRing(settings, log);
  app.addHook('onClose', () => {
    keys.close();
  });
  app.decorateRequest('apiKey', null);
  app.setErrorHandler(answerError);
  app.setValidatorCompiler(validateRequest);
  // The answers are built by typed code; tests hold them to the schemas.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  parseJsonBodies(app);
  dropIdleConnections(app);
  answerUnknownPaths(app);
  app.addHook('onRequest', async (_, reply) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  if (settings.docs) await documentApi(app);
  healthRoutes(app, context);
  const { metrics } = options;
  if (metrics !== undefined && settings.metricsPublic) metricsRoute(app, metrics);
  await app.register((secured: Api, _, done) => {
    requireApiKey(secured, keys, settings, options.clock);
    if (metrics !== undefined && !settings.metricsPublic) metricsRoute(secured, metrics);
    createTimerRoute(secured, context);
    createTimersRoute(secured, context);
    listTimersRoute(secured, context);
    getTimerRoute(secured, context);
    listAttemptsRoute(secured, context);
    updateTimerRoute(secured, context);
    cancelTimerRoute(secured, context);
    retryTimerRoute(secured, context);
    retryTimersRoute(secured, context);
    runTimerRoute(secured, context);
    done();
  });
  const { devRoutes } = options;
  if (devRoutes !== undefined) await app.register(async (dev) => devRoutes(dev));
  return app;
}

/** Once the server closes, connections whose last answer is still on its way must not stay open behind it. */
function dropIdleConnections(app: Api): void {
  app.addHook('preClose', (done) => {
    const timer = setInterval(() => {
      app.server.closeIdleConnections();
    }, 50);
    app.server.once('close', () => {
      clearInterval(timer);
    });
    if (!app.server.listening) clearInterval(timer);
    done();
  });
}

function answerUnknownPaths(app: Api): void {
  const paths = trackRoutes(app);
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = paths.methodsOf(path);
    const error =
      methods.length === 0
        ? new ApiError('notFound', 'there is no such path')
        : new ApiError('methodNotAllowed', `${path} takes ${methods.join(', ')}`, {
            headers: { allow: methods.join(', ') },
          });
    void sendError(error, reply);
  });
}
