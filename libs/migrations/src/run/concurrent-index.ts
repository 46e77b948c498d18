import type { ClientBase } from 'pg';
import { z } from 'zod';
import { maskOpaqueTokens } from '../files/split-statements.ts';
import { queryRows } from '../query-rows.ts';

const createsIndex =
  /^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?("(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)/i;

/** The index name of a CREATE INDEX CONCURRENTLY, as written; undefined for other statements. */
export function concurrentIndexName(statement: string): string | undefined {
  return createsIndex.exec(maskOpaqueTokens(statement))?.[1];
}

/**
 * Drops the index that an interrupted CREATE INDEX CONCURRENTLY left behind. Such an index is INVALID: no query uses it,
 * every write maintains it, and IF NOT EXISTS would keep it. A valid index of that name is dropped as well: the ledger
 * has no row for the file, so nothing proves that it is the index of this statement.
 *
 * @returns whether there was one
 */
export async function dropLeftoverIndex(client: ClientBase, name: string): Promise<boolean> {
  const [leftover] = await queryRows(
    client,
    z.object({ index: z.string() }),
    "SELECT c.oid::regclass::text AS index FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind = 'i'",
    [name],
  );
  if (leftover === undefined) return false;
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${leftover.index}`);
  return true;
}
