import type { ClientBase } from 'pg';
import { z } from 'zod';
import { maskOpaqueTokens } from '../files/split-statements.ts';
import { queryRow, queryRows } from '../query-rows.ts';

const createsIndex =
  /^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?("(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)/i;

/** The index name of a CREATE INDEX CONCURRENTLY, as written; undefined for other statements. */
function concurrentIndexName(statement: string): string | undefined {
  return createsIndex.exec(maskOpaqueTokens(statement))?.[1];
}

const FIND_INDEX = `
SELECT c.oid::regclass::text AS index, i.indisvalid AS valid, i.indrelid::regclass::text AS table,
       pg_get_indexdef(c.oid, 0, true) AS definition
FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = to_regclass($1)`;

const indexSchema = z.object({
  index: z.string(),
  valid: z.boolean(),
  table: z.string(),
  definition: z.string(),
});

/** PostgreSQL's own text of the statement: that of the same index on an empty copy of the table, which shadows the table. */
async function definitionOf(
  client: ClientBase,
  statement: string,
  table: string,
  name: string,
): Promise<string> {
  await client.query('BEGIN');
  try {
    await client.query(`CREATE TEMPORARY TABLE ${table} (LIKE ${table}) ON COMMIT DROP`);
    await client.query(statement.replace(/CONCURRENTLY/i, ''));
    const found = await queryRow(client, indexSchema, FIND_INDEX, [name]);
    return found.definition;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** What {@link settleLeftoverIndex} found; `finished`: the statement need not run. */
export type LeftoverIndex =
  { readonly state: 'none' | 'finished' } | { readonly state: 'dropped'; readonly index: string };

/**
 * Handles the index that an interrupted CREATE INDEX CONCURRENTLY left behind. An INVALID one is dropped: no query uses it,
 * every write maintains it, and IF NOT EXISTS would keep it. A valid one with the definition of the statement is kept,
 * because it may have taken hours; one with another definition is dropped.
 */
export async function settleLeftoverIndex(client: ClientBase, statement: string): Promise<LeftoverIndex> {
  const name = concurrentIndexName(statement);
  if (name === undefined) return { state: 'none' };
  const [leftover] = await queryRows(client, indexSchema, FIND_INDEX, [name]);
  if (leftover === undefined) return { state: 'none' };
  if (leftover.valid) {
    const definition = await definitionOf(client, statement, leftover.table, name).catch(() => undefined);
    if (definition === leftover.definition) return { state: 'finished' };
  }
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${leftover.index}`);
  return { state: 'dropped', index: name };
}
