import type { FastifyRequest } from 'fastify';
import type { ConsoleSettings } from '../api-settings.ts';
import { CHALLENGE, type SessionAuthenticator } from '../auth/authenticate.ts';
import { ApiError } from '../http/api-error.ts';
import type { ConsoleSessions } from './console-sessions.ts';
import { isLoopback, type RequestOrigin, whyForeign } from './request-origin.ts';
import { type CookieScope, readToken, setCookie } from './session-cookie.ts';

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

function originOf({ method, protocol, host, headers }: FastifyRequest): RequestOrigin {
  return {
    method,
    protocol,
    host,
    origin: headers.origin,
    fetchSite: textOf(headers['sec-fetch-site']),
    consoleHeader: textOf(headers['x-timer-console']),
  };
}

/** Finds out whether and how a request may use a session. */
export class ConsoleRequests implements SessionAuthenticator {
  readonly #sessions: Pick<ConsoleSessions, 'find'>;
  readonly #settings: ConsoleSettings;

  constructor(sessions: Pick<ConsoleSessions, 'find'>, settings: ConsoleSettings) {
    this.#sessions = sessions;
    this.#settings = settings;
  }

  /** Where the cookie of a browser that sends such requests is valid. */
  scopeOf({ protocol }: FastifyRequest): CookieScope {
    return { secure: protocol === 'https', publicPath: this.#settings.publicPath };
  }

  /** Why one must not send a key or a cookie this way; undefined if one may. */
  whyInsecure(request: FastifyRequest): string | undefined {
    if (request.protocol === 'https' || this.#settings.allowHttp || isLoopback(originOf(request)))
      return undefined;
    return 'the console needs HTTPS, except on the same machine: behind a proxy that ends TLS set TRUSTED_PROXIES to its address; CONSOLE_ALLOW_HTTP=true allows plain HTTP, which shows keys and sessions to the network';
  }

  /** @throws {ApiError} 403 for a request that no page of the console has sent, or that is not safe on its way */
  requireConsole(request: FastifyRequest): void {
    const why = this.whyInsecure(request) ?? whyForeign(originOf(request));
    if (why !== undefined) throw new ApiError('forbidden', why);
  }

  /** The token of a request. See readToken. */
  tokenOf(request: FastifyRequest): string | null | undefined {
    return readToken(request.headers.cookie, this.scopeOf(request));
  }

  async authenticate(request: FastifyRequest): ReturnType<SessionAuthenticator['authenticate']> {
    const token = this.tokenOf(request);
    if (token === undefined) return undefined;
    this.requireConsole(request);
    const session = token === null ? undefined : await this.#sessions.find(token);
    if (session !== undefined) return session;
    throw new ApiError('unauthorized', 'the session of the console has ended: log in again', {
      headers: { ...CHALLENGE, 'set-cookie': setCookie(this.scopeOf(request)) },
    });
  }
}
