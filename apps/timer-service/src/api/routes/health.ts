import { setTimeout as delay } from 'node:timers/promises';
import { degradedResponseSchema, healthResponseSchema } from '@timer-platform/callback-types';
import { type Database, oldestDueAge, ping } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { success } from './responses.ts';

/** The database must answer within this, in milliseconds. */
const PROBE_LIMIT_MS = 2_000;
/** An answer is given again for this long, in milliseconds: health needs no key, so anyone may ask at any rate. */
const REMEMBERED_MS = 500;

type Health = { readonly database: 'connected' | 'disconnected'; readonly fault: string | undefined };

/** Folds what the database does, and does not do in time, into one answer. Never rejects. */
async function probe(db: Database, maxOverdueMs: number): Promise<Health> {
  const reached = new AbortController();
  const check = async (): Promise<string | undefined> => {
    await ping(db);
    reached.abort();
    const age = maxOverdueMs === 0 ? 0 : await oldestDueAge(db);
    return age > maxOverdueMs ? `the oldest due timer waits for ${Math.round(age / 1_000)} s` : undefined;
  };
  const limit = new AbortController();
  const tooLate = async (): Promise<string> => {
    await delay(PROBE_LIMIT_MS, undefined, { signal: limit.signal });
    return 'the database does not answer in time';
  };
  const failed = (): string =>
    reached.signal.aborted ? 'the database refuses a query' : 'the database cannot be reached';
  const fault = await Promise.race([check(), tooLate()].map((answer) => answer.catch(failed)));
  limit.abort();
  return { database: reached.signal.aborted ? 'connected' : 'disconnected', fault };
}

/** `GET /healthz`, and `/health`, which the first timer service answered. Needs no key. */
export function healthRoutes(app: Api, { db, clock, settings }: ApiContext): void {
  let latest: { readonly since: number; readonly health: Promise<Health> } | undefined;

  function health(): Promise<Health> {
    const now = clock.monotonicMs();
    if (latest === undefined || now - latest.since > REMEMBERED_MS)
      latest = { since: now, health: probe(db, settings.healthMaxOverdueMs) };
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
          summary: 'Whether the service is well',
          security: [],
          response: { 200: healthResponseSchema, 500: degradedResponseSchema },
        },
      },
      async (_, reply) => {
        const { database, fault } = await health();
        const timestamp = new Date(clock.wallMs()).toISOString();
        if (fault === undefined && database === 'connected')
          return success({ status: 'up' as const, database, timestamp });
        return reply
          .code(500)
          .send({ code: 1, message: fault ?? 'degraded', data: { status: 'degraded', database, timestamp } });
      },
    );
}
