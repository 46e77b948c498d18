import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { MigrationError } from '../migration-error.ts';
import { queryRow, queryRows } from '../query-rows.ts';
import { type BlockingSession, describeSession, sessionSchema } from './blocking-sessions.ts';

/** The advisory lock that Kysely's Migrator takes (kysely, dialect/postgres/postgres-adapter.ts). */
export const KYSELY_LOCK_KEY = 3853314791062309107n;

/** The advisory lock that sqlx's Migrator takes (sqlx-postgres, src/migrate.rs, generate_lock_id). */
export function sqlxLockKey(databaseName: string): bigint {
  return 0x3d32ad9en * BigInt(crc32(Buffer.from(databaseName, 'utf8')));
}

export interface LockWait {
  /** Milliseconds to wait for another migrator; 0: do not wait; undefined: no limit. */
  readonly lockWaitMs?: number | undefined;
  /** Called once, when the wait starts. */
  readonly onWait?: (holder: BlockingSession | undefined) => void;
}

const POLL_MS = 100;
const acquiredSchema = z.object({ first: z.boolean(), second: z.boolean().nullable() });
const TRY_BOTH_KEYS = `
  SELECT held.first, CASE WHEN held.first THEN pg_try_advisory_lock($2) END AS second
  FROM (SELECT pg_try_advisory_lock($1) AS first OFFSET 0) AS held`;

const FIND_HOLDER = `
  SELECT a.pid, a.usename AS role, a.application_name AS application, a.backend_type, a.state, a.query,
         extract(epoch FROM clock_timestamp() - a.backend_start)::float8 AS age_seconds
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND ((l.classid::bigint << 32) | l.objid::bigint) = ANY ($1::bigint[])
  LIMIT 1`;

/**
 * Runs `work` under the advisory locks of Kysely and sqlx, so that no other migrator works on this database. Polls for
 * the locks instead of waiting: a waiting SELECT holds a snapshot, CREATE INDEX CONCURRENTLY of the holder waits for all
 * snapshots, and the two would deadlock.
 *
 * @throws MigrationError `busy` when `lockWaitMs` is exceeded
 */
export async function withMigrationLock<T>(
  client: ClientBase,
  wait: LockWait,
  work: () => Promise<T>,
): Promise<T> {
  const { name } = await queryRow(
    client,
    z.object({ name: z.string() }),
    'SELECT current_database() AS name',
  );
  // Always in this order, so that two migrators cannot hold one key each.
  const keys = [KYSELY_LOCK_KEY.toString(), sqlxLockKey(name).toString()];
  const started = performance.now();
  let reported = false;
  for (;;) {
    const got = await queryRow(client, acquiredSchema, TRY_BOTH_KEYS, keys);
    if (got.first && got.second === true) break;
    if (got.first) await client.query('SELECT pg_advisory_unlock($1)', [keys[0]]);
    const waited = performance.now() - started;
    if (!reported || (wait.lockWaitMs !== undefined && waited >= wait.lockWaitMs)) {
      const [holder] = await queryRows(client, sessionSchema, FIND_HOLDER, [keys]);
      if (wait.lockWaitMs !== undefined && waited >= wait.lockWaitMs) {
        const who = holder === undefined ? '' : `: ${describeSession(holder)}`;
        throw new MigrationError('busy', `another migrator is running on this database${who}`);
      }
      wait.onWait?.(holder);
      reported = true;
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    // On a broken connection the server has released the locks already.
    await client.query('SELECT pg_advisory_unlock($2), pg_advisory_unlock($1)', keys).catch(() => undefined);
  }
}
