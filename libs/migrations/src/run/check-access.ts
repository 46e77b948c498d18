import { CompiledQuery } from 'kysely';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { MigrationFile } from '../files/migration-file.ts';
import { withLockRetry } from '../locks/lock-retry.ts';
import { MigrationError } from '../migration-error.ts';
import { queryRows } from '../query-rows.ts';
import { tableExists } from '../schema/table-exists.ts';
import type { MigrationRun } from './run-migration.ts';

const relationName =
  /\b(?:TABLE|VIEW|INDEX|ON)\s+(?:CONCURRENTLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?([a-z_][a-z0-9_]*)/gi;

const FIND_OTHER_OWNERS = `
SELECT relname AS name, pg_get_userbyid(relowner) AS owner FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY ($1) AND NOT pg_has_role(relowner, 'USAGE')
ORDER BY relname`;

/**
 * Checks that the role owns the tables, views and indexes that the files name.
 *
 * @throws MigrationError `permission-denied`, which names the others and their owners
 */
export async function checkOwnership(client: ClientBase, files: readonly MigrationFile[]): Promise<void> {
  const names = files.flatMap(({ statements }) =>
    statements.flatMap(({ text }) => Array.from(text.matchAll(relationName), (match) => match[1] ?? '')),
  );
  const owned = await queryRows(
    client,
    z.object({ name: z.string(), owner: z.string() }),
    FIND_OTHER_OWNERS,
    [names],
  );
  if (owned.length === 0) return;
  throw new MigrationError(
    'permission-denied',
    `the role must own ${owned.map(({ name, owner }) => `${name} (owner: ${owner})`).join(', ')}; nothing was changed. Run again as the owner, or as a member of its role`,
  );
}

/**
 * Gets the strongest lock that the files need for an instant, so that a session which blocks it for long is reported before
 * the first file runs.
 *
 * @throws MigrationError `lock-timeout`, naming the blockers
 */
export async function probeLock(run: MigrationRun, files: readonly MigrationFile[]): Promise<void> {
  const first = files.find((file) => file.inTransaction);
  if (first === undefined || !(await tableExists(run.session.client, 'timers'))) return;
  await withLockRetry(
    run.session,
    run.watch,
    run.policy,
    (lockTimeoutMs) =>
      run.session.kysely.transaction().execute(async (db) => {
        await db.executeQuery(CompiledQuery.raw(`SET LOCAL lock_timeout = ${lockTimeoutMs}`));
        await db.executeQuery(CompiledQuery.raw('LOCK TABLE timers IN ACCESS EXCLUSIVE MODE'));
      }),
    (failed) => {
      run.report({ kind: 'blocked', file: first, failed });
    },
  );
}
