import { type Database, statement } from '../connect.ts';

/** The same pages of the same table each time: numbers do not flicker when nothing changes, and the pages stay in memory. */
export const SAMPLE = 'TABLESAMPLE SYSTEM';
export const REPEATABLE = 'REPEATABLE (37)';

/** Pages of the table, without large values. */
const PAGES = statement(
  'timer-pages',
  `SELECT (pg_relation_size(to_regclass('timers')) / current_setting('block_size')::integer)::double precision AS pages`,
);

/** Returns which part of `timers` has about so many pages, in percent: 100 if it has no more. */
export async function sampledPercent(db: Database, pages: number): Promise<number> {
  const [row] = await db.rows<{ pages: number }>(PAGES);
  return Math.min(100, (pages / Math.max(1, row?.pages ?? 1)) * 100);
}
