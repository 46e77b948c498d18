import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Database } from '@timer-platform/database';
import { z } from 'zod';
import type { Api } from '../api-instance.ts';
import type { ConsoleSettings } from '../api-settings.ts';
import type { ApiKeyRing } from '../auth/api-key-ring.ts';
import type { Authentication, SessionAuthenticator } from '../auth/authenticate.ts';
import { consolePages } from './console-pages.ts';
import { ConsoleRequests } from './console-requests.ts';
import { ConsoleSessions } from './console-sessions.ts';
import { recordConsoleActions } from './record-console-actions.ts';
import type { SessionData } from './session-response.ts';
import { sessionRoutes } from './session-routes.ts';

/** What the server gives to its console. */
export interface ConsoleContext {
  readonly db: Database;
  readonly keys: ApiKeyRing;
  readonly settings: ConsoleSettings;
}

/** The console of a server. */
export interface OperatorConsole {
  readonly sessions: SessionAuthenticator;
  /** Records what sessions change through the routes of this context. */
  recordActions(app: Api): void;
  /** Adds the routes and pages of the console. */
  register(app: Api, authentication: Authentication): Promise<void>;
}

export type ConsoleFactory = (context: ConsoleContext) => OperatorConsole;

export interface ConsoleOptions {
  readonly mode: SessionData['mode'];
  /** Where the console was built. Default: the application of this workspace. */
  readonly directory?: string;
}

/** As far from this file in src as in dist. */
const PACKAGE = new URL('../../../package.json', import.meta.url);
const BUILT_CONSOLE = fileURLToPath(new URL('../../../../console/dist', import.meta.url));

function serviceVersion(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(PACKAGE, 'utf8'))).version;
}

/** Returns what adds the console to a server. A service that is embedded in tests has none. */
export function createConsole({ mode, directory = BUILT_CONSOLE }: ConsoleOptions): ConsoleFactory {
  return ({ db, keys, settings }) => {
    const sessions = new ConsoleSessions(db, keys);
    const requests = new ConsoleRequests(sessions, settings);
    return {
      sessions: requests,
      recordActions: (app) => {
        recordConsoleActions(app, db);
      },
      async register(app, authentication) {
        sessionRoutes(app, {
          path: `${settings.path}/api/session`,
          sessions,
          requests,
          authentication,
          mode,
          version: serviceVersion(),
        });
        await app.register((pages: Api) =>
          consolePages(pages, {
            directory,
            settings,
            whyInsecure: (request) => requests.whyInsecure(request),
          }),
        );
      },
    };
  };
}
