import { type Database, statement } from '../connect.ts';
import { epochMs } from '../sql-fragments.ts';

const NOW = statement('database-now', `SELECT ${epochMs('clock_timestamp()')} AS "nowMs"`);

/** The clock of the database, in whole milliseconds since 1970. */
export async function databaseNow(db: Database): Promise<number> {
  const [row] = await db.rows<{ nowMs: number }>(NOW);
  if (row === undefined) throw new Error('the statement returned no row');
  return Math.floor(row.nowMs);
}
