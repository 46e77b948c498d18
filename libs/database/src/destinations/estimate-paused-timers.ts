import { type Database, statement } from '../connect.ts';

const FREQUENCIES = statement(
  'paused-for-frequencies',
  `SELECT most_common_vals::text::text[] AS destinations, most_common_freqs::double precision[] AS frequencies, reltuples AS rows
   FROM pg_stats, pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
   WHERE pg_class.oid = to_regclass('timers') AND schemaname = nspname AND tablename = relname AND attname = 'paused_for'
   ORDER BY inherited LIMIT 1`,
);

/** How many timers wait for each of the most frequent paused destinations, as of the last ANALYZE. */
export async function estimatePausedTimers(db: Database): Promise<ReadonlyMap<string, number>> {
  const [row] = await db.rows<{
    destinations: string[] | null;
    frequencies: number[] | null;
    rows: number;
  }>(FREQUENCIES);
  const { destinations, frequencies, rows = 0 } = row ?? {};
  return new Map(destinations?.map((name, index) => [name, Math.max(0, rows) * (frequencies?.[index] ?? 0)]));
}
