import type { Client } from 'pg';
import { z } from 'zod';
import { connectClient } from '../migration-session.ts';
import { queryRows } from '../query-rows.ts';

/** A session that blocks another one. Fields that our role may not see are null. */
export const sessionSchema = z.object({
  pid: z.number(),
  role: z.string().nullable(),
  application: z.string().nullable(),
  backend_type: z.string().nullable(),
  state: z.string().nullable(),
  query: z.string().nullable(),
  age_seconds: z.number().nullable(),
});
export type BlockingSession = z.infer<typeof sessionSchema>;

const QUERY_LENGTH = 120;

/** Describes a session in one line: pid, role, application, age, state and query. */
export function describeSession(session: BlockingSession): string {
  const parts = [`pid ${session.pid}`];
  if (session.role !== null && session.role !== '') parts.push(`role ${session.role}`);
  if (session.application !== null && session.application !== '') parts.push(session.application);
  if (session.backend_type !== null && session.backend_type !== 'client backend')
    parts.push(session.backend_type);
  if (session.age_seconds !== null) parts.push(`${session.age_seconds.toFixed(1)} s`);
  if (session.state !== null) parts.push(session.state);
  if (session.query !== null && session.query !== '') {
    const query = session.query.replaceAll(/\s+/g, ' ').trim();
    parts.push(query.length > QUERY_LENGTH ? `${query.slice(0, QUERY_LENGTH)}…` : query);
  }
  return parts.join(', ');
}

/** True for an anti-wraparound vacuum. Unlike other autovacuums it is never canceled by a waiting session. */
export function isWraparoundVacuum(session: BlockingSession): boolean {
  return session.query?.includes('to prevent wraparound') === true;
}

/** True for an autovacuum worker, and for a session whose type our role may not see. */
export function mayBeAutovacuum(session: BlockingSession): boolean {
  return session.backend_type === null || session.backend_type === 'autovacuum worker';
}

const FIND_BLOCKERS = `
  SELECT a.pid, a.usename AS role, a.application_name AS application, a.backend_type, a.state, a.query,
         extract(epoch FROM clock_timestamp() - COALESCE(a.xact_start, a.backend_start))::float8 AS age_seconds
  FROM unnest(pg_blocking_pids($1)) AS blocker(pid) JOIN pg_stat_activity a ON a.pid = blocker.pid
  ORDER BY a.xact_start NULLS LAST`;

/** pg_blocking_pids stops the lock manager for a moment, so that it is called ever less often during a long statement. */
const POLL_MS = { first: 60, growth: 2, max: 10_000 };

/** Milliseconds between poll number `number`, from 0, and the one before. Pure. */
export function pollDelay(number: number): number {
  return Math.min(POLL_MS.first * POLL_MS.growth ** number, POLL_MS.max);
}

/**
 * Polls which sessions block another one while it waits for a lock; after the wait PostgreSQL no longer shows them. Uses
 * its own connection, opened on first use.
 */
export class BlockerWatch {
  readonly #databaseUrl: string;
  #observer: Promise<Client> | undefined;

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** Runs `work`, which uses the session `pid`, and passes the blockers on after each poll that finds any. Ignores its own errors. */
  async during<T>(
    pid: number,
    work: () => Promise<T>,
    onBlocked: (blockers: BlockingSession[]) => void,
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let ended = false;
    const pollAfterDelay = (number: number): void => {
      if (ended) return;
      timer = setTimeout(() => {
        this.#readBlockers(pid)
          .then((blockers) => {
            if (blockers.length > 0 && !ended) onBlocked(blockers);
          })
          .catch(() => undefined)
          .finally(() => {
            pollAfterDelay(number + 1);
          });
      }, pollDelay(number));
    };
    pollAfterDelay(0);
    try {
      return await work();
    } finally {
      ended = true;
      clearTimeout(timer);
    }
  }

  async #readBlockers(pid: number): Promise<BlockingSession[]> {
    this.#observer ??= connectClient(this.#databaseUrl);
    return queryRows(await this.#observer, sessionSchema, FIND_BLOCKERS, [pid]);
  }

  async close(): Promise<void> {
    const observer = await this.#observer?.catch(() => undefined);
    await observer?.end().catch(() => undefined);
  }
}
