import { CompiledQuery, sql } from 'kysely';
import type { Database, Statement } from '../connect.ts';

/**
 * The planner has no statistics of the due instants of pending timers, and those of the states may be old: it would sort all
 * timers of a range, or read the table. Compiling a plan would take longer than running it.
 */
export const BY_INDEX = sql`SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
  set_config('enable_sort', 'off', true), set_config('jit', 'off', true)`;

/** Runs a statement that finds its timers by index, and stops there. `Row` must match the columns of the text. */
export async function rowsByIndex<Row>(
  db: Database,
  { text }: Pick<Statement, 'text'>,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return db.kysely.transaction().execute(async (transaction) => {
    await BY_INDEX.execute(transaction);
    const { rows } = await transaction.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
    return rows;
  });
}
