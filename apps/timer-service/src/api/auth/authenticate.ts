import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../../clock.ts';
import type { Api } from '../api-instance.ts';
import { ApiError, errorOf } from '../http/api-error.ts';
import { type ApiKey, includesRole, type Role } from './api-key.ts';
import type { ApiKeyRing } from './api-key-ring.ts';
import { RateLimiter } from './rate-limiter.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that this route requires; admin by default on routes that need a key. */
    access?: Role;
  }
  interface FastifyRequest {
    /** The key of the request; null before the check and on routes that need no key. */
    apiKey: ApiKey | null;
    /** The session of the console that the request belongs to; null if it has a key of its own. */
    consoleSession: ConsoleSessionOfRequest | null;
  }
}

/** A session of the console, as requests have it. */
export interface ConsoleSessionOfRequest {
  readonly expiresAt: Date;
}

/** Finds the sessions of the console. */
export interface SessionAuthenticator {
  /**
   * Returns the session of a request and its key; undefined if the request has no cookie of a session.
   *
   * @throws {ApiError} if the session has ended, or a page of another origin may have sent the request
   */
  authenticate(
    request: FastifyRequest,
  ): Promise<{ readonly key: ApiKey; readonly expiresAt: Date } | undefined>;
}

/** The name of the API key of a request: who owns the keys of timers. Two keys with one name own them together. */
export function clientNameOf({ apiKey }: FastifyRequest): string {
  if (apiKey === null) throw new Error('the route needs an API key');
  return apiKey.name;
}

/** Delay of the response to a wrong key, in milliseconds. */
const WRONG_KEY_DELAY_MS = 250;
/** Delayed requests at a time; further ones are rejected without a delay. */
const MAX_WAITING = 200;

/** Limits on the requests of one client. */
export interface AuthLimits {
  /** Requests with a wrong key, per network. */
  readonly failedAuthPerMinute: number;
  /** Requests per API key; 0: no limit. */
  readonly rateLimitPerSecond: number;
}

/** Failures count per IPv4 address and per IPv6 /64, because an IPv6 client usually controls a whole /64. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  const bytes = parsed.toByteArray();
  return (parsed.kind() === 'ipv6' ? bytes.slice(0, 8) : bytes).join('.');
}

/** Response header with how to authenticate, which RFC 9110 requires with a 401. */
export const CHALLENGE = { 'www-authenticate': 'Bearer realm="timers"' };

/**
 * The secret that a request sends as `X-API-Key` or as `Authorization: Bearer`. Undefined if it sends none, or two that
 * differ: a proxy or a library that adds one of them must not decide whose timer it is. Other schemes of Authorization
 * belong to others.
 */
function secretOf({ 'x-api-key': apiKey, authorization }: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer(?: +(.*))?$/i.exec(authorization ?? '');
  if (bearer === null) return typeof apiKey === 'string' ? apiKey : undefined;
  const [, token = ''] = bearer;
  return apiKey === undefined || apiKey === token ? token : undefined;
}

/** Whether a request says with which key it comes. It then counts alone, also if it is wrong. */
function sendsKey({ 'x-api-key': apiKey, authorization }: IncomingHttpHeaders): boolean {
  return apiKey !== undefined || /^bearer(?: |$)/i.test(authorization ?? '');
}

function rateLimited(
  reason: 'too_many_requests' | 'too_many_wrong_keys',
  message: string,
  waitMs: number,
): ApiError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return errorOf(reason, message, { headers: { 'retry-after': String(seconds) } });
}

/**
 * Returns a function that delays the error for a wrong key, and returns a 429 for a network that sends too many of them.
 * Valid keys are never affected: behind a proxy, all clients share one address.
 */
function rejectWrongKeys(perMinute: number, clock: Clock): (request: FastifyRequest) => Promise<ApiError> {
  const failures = new RateLimiter({ max: perMinute, windowMs: 60_000 }, clock);
  let waiting = 0;
  return async (request) => {
    const { allowed, waitMs } = failures.take(networkOf(request.ip));
    if (!allowed || waiting >= MAX_WAITING)
      return rateLimited('too_many_wrong_keys', 'too many requests with a wrong API key', waitMs);
    request.log.warn(
      { address: request.ip, route: request.routeOptions.url },
      'request with a wrong API key',
    );
    waiting += 1;
    await delay(WRONG_KEY_DELAY_MS);
    waiting -= 1;
    return new ApiError(
      'unauthorized',
      'the API key is missing or wrong: send it as X-API-Key or as Authorization: Bearer, or the same in both',
      { headers: CHALLENGE },
    );
  };
}

/** Returns a function that adds the rate limit headers to a response and rejects requests above the limit. */
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
    if (!allowed)
      throw rateLimited(
        'too_many_requests',
        `more than ${perSecond} requests per second with this API key`,
        waitMs,
      );
  };
}

export interface AuthenticationOptions {
  readonly keys: ApiKeyRing;
  readonly limits: AuthLimits;
  readonly clock: Clock;
  /** Absent: cookies are ignored. */
  readonly sessions: SessionAuthenticator | undefined;
}

/** Checks who sends a request. */
export interface Authentication {
  /**
   * Requires a valid API key, or a session of the console, on the routes of this context, and enforces the role and the
   * rate limit of the key.
   */
  protect(app: Api): void;
  /**
   * Returns the key with the secret that a request has in its body.
   *
   * @throws {ApiError} after a delay, if there is none
   */
  identify(secret: string, request: FastifyRequest, reply: FastifyReply): Promise<ApiKey>;
  /** Whether a request that goes on for long would still be allowed: its key and its session may have ended. */
  isStillAllowed(request: FastifyRequest): Promise<boolean>;
}

/** Creates the authentication of a server. Wrong keys count together, wherever they are sent. */
export function createAuthentication({
  keys,
  limits,
  clock,
  sessions,
}: AuthenticationOptions): Authentication {
  const rejectWrongKey = rejectWrongKeys(limits.failedAuthPerMinute, clock);
  const limit = limitRate(limits.rateLimitPerSecond, clock);

  async function find(request: FastifyRequest, reply: FastifyReply): Promise<ApiKey | undefined> {
    if (sessions !== undefined && !sendsKey(request.headers)) {
      void reply.header('vary', 'cookie');
      const session = await sessions.authenticate(request);
      if (session !== undefined) {
        request.consoleSession = { expiresAt: session.expiresAt };
        return session.key;
      }
    }
    const secret = secretOf(request.headers);
    return secret === undefined ? undefined : keys.find(secret);
  }

  async function findAgain(request: FastifyRequest): Promise<ApiKey | undefined> {
    if (request.consoleSession !== null) return (await sessions?.authenticate(request))?.key;
    const secret = secretOf(request.headers);
    return secret === undefined ? undefined : keys.find(secret);
  }

  return {
    protect(app) {
      app.addHook('onRequest', async (request, reply) => {
        const key = await find(request, reply);
        if (key === undefined) throw await rejectWrongKey(request);
        request.apiKey = key;
        limit(key, reply);
        const required = request.routeOptions.config.access ?? 'admin';
        if (!includesRole(key.role, required))
          throw new ApiError(
            'forbidden',
            `this API key has the role ${key.role}; the request needs ${required}`,
          );
      });
    },
    async identify(secret, request, reply) {
      const key = keys.find(secret);
      if (key === undefined) throw await rejectWrongKey(request);
      limit(key, reply);
      return key;
    },
    async isStillAllowed(request) {
      try {
        const key = await findAgain(request);
        return key !== undefined && includesRole(key.role, request.routeOptions.config.access ?? 'admin');
      } catch (error) {
        if (error instanceof ApiError) return false;
        throw error;
      }
    },
  };
}
