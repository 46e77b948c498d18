import { setTimeout as delay } from 'node:timers/promises';
import { degradedResponseSchema, healthResponseSchema } from '@timer-platform/callback-types';
import { findDatabaseProblem, oldestDueAge, ping } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { success } from './responses.ts';

/** Time limit for the database to respond, in milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;
/** How long a result is cached, in milliseconds: health needs no key, so clients may request it at any rate. */
const CACHE_MS = 500;

type Health = { readonly database: 'connected' | 'disconnected'; readonly problem: string | undefined };

/** Checks the database and the dispatcher. Resolves within {@link CHECK_TIMEOUT_MS} and never rejects. */
async function checkHealth({ db, settings, dispatchProblem }: ApiContext): Promise<Health> {
  const maxOverdueMs = settings.healthMaxOverdueMs;
  const connected = new AbortController();
  const check = async (): Promise<string | undefined> => {
    await ping(db);
    connected.abort();
    const problem = (await findDatabaseProblem(db)) ?? dispatchProblem();
    if (problem !== undefined) return problem;
    const age = maxOverdueMs === 0 ? 0 : await oldestDueAge(db);
    return age > maxOverdueMs
      ? `the oldest due timer has waited for ${Math.round(age / 1_000)} s`
      : undefined;
  };
  const done = new AbortController();
  const timeout = async (): Promise<string> => {
    await delay(CHECK_TIMEOUT_MS, undefined, { signal: done.signal });
    return `the database did not respond within ${CHECK_TIMEOUT_MS / 1_000} s`;
  };
  const describeFailure = (): string =>
    connected.signal.aborted ? 'a database query failed' : 'the database is unreachable';
  const problem = await Promise.race([check(), timeout()].map((result) => result.catch(describeFailure)));
  done.abort();
  return { database: connected.signal.aborted ? 'connected' : 'disconnected', problem };
}

/** `GET /healthz`, and `/health`, the path of the first service. Needs no key. */
export function healthRoutes(app: Api, context: ApiContext): void {
  const { clock } = context;
  let latest: { readonly since: number; readonly health: Promise<Health> } | undefined;

  function health(): Promise<Health> {
    const now = clock.monotonicMs();
    if (latest === undefined || now - latest.since > CACHE_MS)
      latest = { since: now, health: checkHealth(context) };
    return latest.health;
  }

  for (const [url, hide] of [
    ['/healthz', false],
    ['/health', true],
  ] as const)
    app.get(
      url,
      {
        schema: {
          hide,
          operationId: 'getHealth',
          tags: ['service'],
          summary: 'Check the health of the service',
          security: [],
          response: { 200: healthResponseSchema, 500: degradedResponseSchema },
        },
      },
      async (_, reply) => {
        const { database, problem } = await health();
        const timestamp = new Date(clock.wallMs()).toISOString();
        if (problem === undefined && database === 'connected')
          return success({ status: 'up' as const, database, timestamp });
        return reply.code(500).send({
          code: 1,
          message: problem ?? 'degraded',
          data: { status: 'degraded', database, timestamp },
        });
      },
    );
}
