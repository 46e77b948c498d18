import { isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { Api } from './api-context.ts';
import { ApiError } from './api-error.ts';
import { type ApiKey, mayAct } from './api-key.ts';
import type { ApiKeyRing } from './api-key-ring.ts';
import type { ApiSettings } from './api-settings.ts';

/** How long a wrong key waits for its answer, in milliseconds. */
const WRONG_KEY_DELAY_MS = 250;
/** Requests with wrong keys that wait at once; those beyond are turned away without waiting. */
const MAX_WAITING = 200;
const MINUTE_MS = 60_000;

/** An IPv6 client has a whole /64 to send from. */
function networkOf(address: string): string {
  return isIPv6(address) && !address.includes('.') ? address.split(':', 4).join(':') : address;
}

function secretOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-api-key'];
  return typeof header === 'string' ? header : undefined;
}

function tooMany(message: string, seconds: number): ApiError {
  return new ApiError('rateLimited', message, { headers: { 'retry-after': String(Math.max(1, seconds)) } });
}

/**
 * Lets only requests with a valid X-API-Key through to the routes of this context, within the role and the rate of the
 * key. A valid key is let through whatever other clients of its address do: behind a proxy all share one.
 */
export async function requireApiKey(app: Api, keys: ApiKeyRing, settings: ApiSettings): Promise<void> {
  await app.register(rateLimit, { global: false });
  const failures = app.createRateLimit({
    max: settings.failedAuthPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => networkOf(request.ip),
  });
  const requests = app.createRateLimit({
    max: settings.rateLimitPerSecond,
    timeWindow: 1_000,
    keyGenerator: (request) => request.apiKey?.name ?? '',
  });
  let waiting = 0;

  async function refuse(request: FastifyRequest): Promise<never> {
    const failure = await failures(request);
    if (!failure.isAllowed && failure.isExceeded)
      throw tooMany('too many requests with a wrong API key', failure.ttlInSeconds);
    request.log.warn(
      { address: request.ip, route: request.routeOptions.url },
      'request with a wrong API key',
    );
    if (waiting >= MAX_WAITING) throw tooMany('too many requests with a wrong API key', 1);
    waiting += 1;
    await delay(WRONG_KEY_DELAY_MS, undefined, { ref: false });
    waiting -= 1;
    throw new ApiError('unauthorized', 'X-API-Key is missing or wrong');
  }

  async function limit(
    request: FastifyRequest,
    setHeader: (name: string, value: number) => void,
  ): Promise<void> {
    const usage = await requests(request);
    if (usage.isAllowed) return;
    setHeader('ratelimit-limit', usage.max);
    setHeader('ratelimit-remaining', usage.remaining);
    setHeader('ratelimit-reset', usage.ttlInSeconds);
    if (usage.isExceeded)
      throw tooMany(`more than ${usage.max} requests per second with this API key`, usage.ttlInSeconds);
  }

  function authorize(request: FastifyRequest, key: ApiKey): void {
    const needs = request.routeOptions.config.access ?? 'admin';
    if (!mayAct(key.role, needs))
      throw new ApiError('forbidden', `this API key has the role ${key.role}, the request needs ${needs}`);
  }

  app.addHook('onRequest', async (request, reply) => {
    const secret = secretOf(request);
    const key = secret === undefined ? undefined : keys.find(secret);
    if (key === undefined) return refuse(request);
    request.apiKey = key;
    if (settings.rateLimitPerSecond > 0)
      await limit(request, (name, value) => void reply.header(name, value));
    authorize(request, key);
  });
}
