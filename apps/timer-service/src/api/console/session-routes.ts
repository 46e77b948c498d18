import { z } from 'zod';
import type { Api } from '../api-instance.ts';
import type { ApiKey } from '../auth/api-key.ts';
import type { Authentication } from '../auth/authenticate.ts';
import { ApiError } from '../http/api-error.ts';
import { success } from '../routes/responses.ts';
import type { ConsoleRequests } from './console-requests.ts';
import type { ConsoleSessions } from './console-sessions.ts';
import { setCookie } from './session-cookie.ts';
import type { SessionData } from './session-response.ts';

const loginSchema = z.strictObject({
  /** Surrounding white space, such as a line break that was copied with it, is not part of a key. */
  api_key: z.string().max(1_024).trim(),
});

export interface SessionRoutesOptions {
  /** Path of the session, such as `/console/api/session`. */
  readonly path: string;
  readonly sessions: ConsoleSessions;
  readonly requests: ConsoleRequests;
  readonly authentication: Authentication;
  readonly mode: SessionData['mode'];
  readonly version: string;
}

/** Adds the routes with which the console logs in, asks who it is, and logs out. */
export function sessionRoutes(app: Api, options: SessionRoutesOptions): void {
  const { path, sessions, requests, authentication, mode, version } = options;
  const present = ({ name, role }: ApiKey, expiresAt: Date): SessionData => ({
    name,
    role,
    expires_at: expiresAt.toISOString(),
    mode,
    inspector: mode === 'development',
    version,
  });

  app.post(
    path,
    {
      schema: { hide: true, body: loginSchema },
      bodyLimit: 4_096,
      onRequest: (request, _, done) => {
        requests.requireConsole(request);
        done();
      },
    },
    async (request, reply) => {
      const key = await authentication.identify(request.body.api_key, request, reply);
      const previous = requests.tokenOf(request);
      const { token, expiresAt, lifetimeMs } = await sessions.begin(key);
      if (typeof previous === 'string') await sessions.end(previous);
      request.log.info({ key: key.name, address: request.ip }, 'logged in to the console');
      void reply.header('set-cookie', setCookie(requests.scopeOf(request), token, lifetimeMs / 1_000));
      return success(present(key, expiresAt));
    },
  );

  void app.register((secured: Api, _, done) => {
    authentication.protect(secured);
    secured.get(path, { config: { access: 'read' }, schema: { hide: true } }, (request) => {
      const { apiKey, consoleSession } = request;
      if (apiKey === null || consoleSession === null)
        throw new ApiError('validation', 'the request has a key of its own and no session');
      return success(present(apiKey, consoleSession.expiresAt));
    });
    secured.delete(path, { config: { access: 'read' }, schema: { hide: true } }, async (request, reply) => {
      const token = requests.tokenOf(request);
      if (typeof token === 'string') await sessions.end(token);
      void reply.header('set-cookie', setCookie(requests.scopeOf(request)));
      return success(null);
    });
    done();
  });
}
