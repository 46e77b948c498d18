import type pg from 'pg';

const ROWS_PER_STATEMENT = 100_000;

/** Inserts timers of the first service; 2 % have a payload of about 4 kB. */
const FILL = `
INSERT INTO timers (created_at, updated_at, execute_at, callback_url, callback_headers, callback_payload, status)
SELECT now() - interval '2 days', now() - interval '2 days', now() + i * interval '1 second', 'https://example.com/hook/' || i,
       CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'null' ELSE '{"Authorization": "Bearer 0123456789"}' END::jsonb,
       CASE WHEN i % 50 = 0 THEN jsonb_build_object('i', i, 'text', (SELECT string_agg(md5((i * n)::text), '') FROM generate_series(1, 128) n))
            WHEN i % 10 = 0 THEN NULL ELSE jsonb_build_object('order', i, 'kind', 'reminder') END,
       (ARRAY['pending', 'pending', 'completed', 'failed'])[i % 4 + 1]
FROM generate_series($1::int, $2::int) AS i`;

/** Fills the table of migration 001 and saves the `updated_at` of each row. */
export async function fillTimers(client: pg.Client, rows: number): Promise<void> {
  for (let from = 1; from <= rows; from += ROWS_PER_STATEMENT) {
    await client.query(FILL, [from, Math.min(from + ROWS_PER_STATEMENT - 1, rows)]);
  }
  await client.query('CREATE TABLE timestamps_before AS SELECT id, updated_at FROM timers');
  await client.query('ANALYZE');
  await client.query('CHECKPOINT');
}

/** Counts rows whose `updated_at` changed although no client wrote them (a client sets `metadata`). */
export async function countChangedTimestamps(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ changed: number }>(
    `SELECT count(*)::int AS changed FROM timers t JOIN timestamps_before b USING (id)
     WHERE t.updated_at <> b.updated_at AND t.metadata IS NULL`,
  );
  return rows[0]?.changed ?? -1;
}

/** The sum of the hashes of all callbacks, the same before and after migration 002 if none is lost or changed. */
export async function hashCallbacks(client: pg.Client): Promise<string> {
  const { rows: columns } = await client.query(
    "SELECT 1 FROM pg_attribute WHERE attrelid = 'timers'::regclass AND attname = 'callback_url' AND NOT attisdropped",
  );
  const [url, headers, payload] =
    columns.length > 0
      ? ['callback_url', 'callback_headers', 'callback_payload']
      : ["callback_config->>'url'", "callback_config->'headers'", "callback_config->'payload'"];
  const { rows } = await client.query<{ sum: string }>(
    `SELECT sum(hashtextextended(id::text || (${url}) || COALESCE(${headers}, 'null')::text || COALESCE(${payload}, 'null')::text, 0)::numeric)::text AS sum
     FROM timers`,
  );
  return rows[0]?.sum ?? '';
}
