import type pg from 'pg';
import { z } from 'zod';

const DEAD_ROWS = `
  SELECT COALESCE(sum(n_tup_upd + n_tup_del), 0)::double precision AS count FROM pg_stat_user_tables`;

/** Reads the number that a query returns as `count`. */
export async function readCount(client: pg.Client, text: string): Promise<number> {
  const { rows } = await client.query(text);
  return z.tuple([z.object({ count: z.number() })]).parse(rows)[0].count;
}

/** Counts the row versions that updates and deletes have left behind in a database. */
export async function countDeadRows(client: pg.Client): Promise<number> {
  // A session reports its own changes up to a second later.
  await client.query('SELECT pg_stat_force_next_flush()').catch(() => undefined);
  return readCount(client, DEAD_ROWS);
}
