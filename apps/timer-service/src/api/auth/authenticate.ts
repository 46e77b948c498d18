import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../../clock.ts';
import type { Api } from '../api-instance.ts';
import { ApiError } from '../http/api-error.ts';
import { type ApiKey, mayAct, type Role } from './api-key.ts';
import type { ApiKeyRing } from './api-key-ring.ts';
import { RateLimiter } from './rate-limiter.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that a key needs for this route; admin where a route behind the keys does not say. */
    access?: Role;
  }
  interface FastifyRequest {
    /** The key that the request came with; null before it is checked and where none is needed. */
    apiKey: ApiKey | null;
  }
}

/** How long a wrong key waits for its answer, in milliseconds. */
const WRONG_KEY_DELAY_MS = 250;
/** Requests with wrong keys that wait at once; those beyond are turned away without waiting. */
const MAX_WAITING = 200;

/** Bounds on the requests of one client. */
export interface AuthLimits {
  /** Requests with a wrong key, per network. */
  readonly failedAuthPerMinute: number;
  /** Requests per API key; 0: no limit. */
  readonly rateLimitPerSecond: number;
}

/** An IPv6 client has a whole /64 to send from. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  const bytes = parsed.toByteArray();
  return (parsed.kind() === 'ipv6' ? bytes.slice(0, 8) : bytes).join('.');
}

function tooMany(message: string, waitMs: number): ApiError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new ApiError('rateLimited', message, { headers: { 'retry-after': String(seconds) } });
}

/**
 * Refuses wrong keys slowly, and from the network that sends too many of them, with 429. A valid key is let through
 * whatever other clients of its address do: behind a proxy all share one.
 */
function refuseWrongKeys(perMinute: number, clock: Clock): (request: FastifyRequest) => Promise<ApiError> {
  const failures = new RateLimiter({ max: perMinute, windowMs: 60_000 }, clock);
  let waiting = 0;
  return async (request) => {
    const { allowed, waitMs } = failures.take(networkOf(request.ip));
    if (!allowed || waiting >= MAX_WAITING) return tooMany('too many requests with a wrong API key', waitMs);
    request.log.warn(
      { address: request.ip, route: request.routeOptions.url },
      'request with a wrong API key',
    );
    waiting += 1;
    await delay(WRONG_KEY_DELAY_MS);
    waiting -= 1;
    return new ApiError('unauthorized', 'X-API-Key is missing or wrong');
  };
}

/** Tells a client about its limit in every answer, and refuses what is above it. */
function limitRate(perSecond: number, clock: Clock): (key: ApiKey, reply: FastifyReply) => void {
  if (perSecond === 0) return () => undefined;
  const requests = new RateLimiter({ max: perSecond, windowMs: 1_000 }, clock);
  return (key, reply) => {
    const { allowed, remaining, waitMs } = requests.take(key.name);
    void reply.headers({
      'ratelimit-limit': perSecond,
      'ratelimit-remaining': remaining,
      'ratelimit-reset': Math.ceil(waitMs / 1_000),
    });
    if (!allowed) throw tooMany(`more than ${perSecond} requests per second with this API key`, waitMs);
  };
}

/**
 * Lets only requests with a valid X-API-Key through to the routes of this context, within the role and the rate of the
 * key.
 */
export function requireApiKey(app: Api, keys: ApiKeyRing, limits: AuthLimits, clock: Clock): void {
  const refuse = refuseWrongKeys(limits.failedAuthPerMinute, clock);
  const limit = limitRate(limits.rateLimitPerSecond, clock);

  function check(request: FastifyRequest, reply: FastifyReply, key: ApiKey): void {
    request.apiKey = key;
    limit(key, reply);
    const needs = request.routeOptions.config.access ?? 'admin';
    if (!mayAct(key.role, needs))
      throw new ApiError('forbidden', `this API key has the role ${key.role}, the request needs ${needs}`);
  }

  app.addHook('onRequest', async (request, reply) => {
    const secret = request.headers['x-api-key'];
    const key = typeof secret === 'string' ? keys.find(secret) : undefined;
    if (key === undefined) throw await refuse(request);
    check(request, reply, key);
  });
}
