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

export interface ApiOptions extends Omit<ApiContext, 'checkCallback' | 'headerKeys'> {
  readonly log: Logger;
  /** Absent: every callback may be stored. */
  readonly checkCallback?: CallbackCheck;
  /** Absent: headers are stored unencrypted. */
  readonly headerKeys?: HeaderKeys;
  /** Renders the response of /metrics; absent: no /metrics. */
  readonly metrics?: () => Promise<MetricsText>;
  /** Adds the routes of development mode. They need no API key and are not in the OpenAPI document. */
  readonly devRoutes?: (app: FastifyInstance) => void | Promise<void>;
}

/** Time limit for a client to send a request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Creates the HTTP API. `listen` starts it, `close` stops it after the requests in progress.
 *
 * @throws when the API keys in the settings are invalid
 */
export async function createServer(options: ApiOptions): Promise<FastifyInstance> {
  const { settings } = options;
  const log: FastifyBaseLogger = options.log;
  const context: ApiContext = {
    ...options,
    checkCallback: options.checkCallback ?? (() => undefined),
    headerKeys: options.headerKeys ?? NO_HEADER_KEYS,
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
  app.setErrorHandler(respondWithError);
  app.setValidatorCompiler(validateRequest);
  // Typed code builds the responses, and tests check them against the schemas.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  parseJsonBodies(app);
  closeIdleConnections(app);
  handleUnknownPaths(app);
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

/** While the server closes, also closes connections that become idle only after their last response was sent. */
function closeIdleConnections(app: Api): void {
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

function handleUnknownPaths(app: Api): void {
  const paths = trackRoutes(app);
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = paths.methodsOf(path);
    const error =
      methods.length === 0
        ? new ApiError('notFound', 'not found: no such path')
        : new ApiError('methodNotAllowed', `${path} allows ${methods.join(', ')}`, {
            headers: { allow: methods.join(', ') },
          });
    void sendError(error, reply);
  });
}
