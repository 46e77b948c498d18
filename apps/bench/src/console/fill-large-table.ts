import pg from 'pg';
import type { BenchDatabase } from '../database/bench-server.ts';
import { uuidV7At } from '../database/uuid-v7-at.ts';

const ROWS_PER_STATEMENT = 250_000;

/**
 * Half of the timers are pending, due within the next month; 1 in 100 has failed, 1 in 100 is canceled, 1 in 100 waits for
 * a paused destination, the others are completed. 1 in 20 belongs to a thousand destinations, 1 in a million to a rare one.
 */
const FILL = `
  INSERT INTO timers (id, created_at, updated_at, execute_at, status, attempts, executed_at, attempted_at, last_error,
    metadata, callback_config, next_attempt_at, due_since, paused_for)
  SELECT ${uuidV7At('created_at')}, created_at, created_at, due_at, status, (status <> 'pending')::integer,
    CASE WHEN status = 'completed' THEN due_at END, CASE WHEN status IN ('completed', 'failed') THEN due_at END,
    CASE WHEN status = 'failed' THEN 'HTTP status ' || 500 + n % 5 || ' of order ' || n END,
    jsonb_build_object('team', 'team-' || n % 1000, 'order', n),
    jsonb_build_object('type', 'http', 'url', destination || '/orders/' || n, 'payload', jsonb_build_object('order', n)),
    CASE WHEN paused THEN 'infinity'::timestamptz END, CASE WHEN paused THEN due_at END,
    CASE WHEN paused THEN destination END
  FROM generate_series($1::bigint, $2::bigint) AS n,
    LATERAL (
      SELECT now() - interval '30 days' + n / $3::double precision * interval '30 days' AS created_at,
        n % 100 = 99 AS paused,
        CASE WHEN n % 100 < 48 THEN 'completed' WHEN n % 100 = 48 THEN 'failed' WHEN n % 100 = 49 THEN 'canceled'
          ELSE 'pending' END AS status
    ) AS one,
    LATERAL (
      SELECT
        CASE WHEN paused THEN GREATEST(now() - interval '1 minute', created_at + interval '1 second')
          WHEN status = 'pending' THEN now() + interval '1 minute' + random() * interval '31 days'
          ELSE created_at + interval '1 second' END AS due_at,
        CASE WHEN paused THEN 'https://paused.example' WHEN n % 1000000 = 50 THEN 'https://rare.example'
          WHEN n % 20 = 10 THEN 'https://shop-' || (n / 20) % 1000 || '.example'
          ELSE 'https://service-' || n % 7 || '.example' END AS destination
    ) AS two`;

/** Rows are written without the indexes, which are created afterwards: a third of the time. */
export async function fillLargeTable(
  { client }: BenchDatabase,
  timers: number,
  onProgress: (stored: number) => void,
): Promise<void> {
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
     WHERE schemaname = current_schema() AND tablename = 'timers' AND indexname <> 'timers_pkey'`,
  );
  for (const { name } of indexes) await client.query(`DROP INDEX ${pg.escapeIdentifier(name)}`);
  for (let from = 1; from <= timers; from += ROWS_PER_STATEMENT) {
    const to = Math.min(timers, from + ROWS_PER_STATEMENT - 1);
    await client.query(FILL, [from, to, timers]);
    onProgress(to);
  }
  await client.query(`SET maintenance_work_mem = '1GB'`);
  for (const { definition } of indexes) await client.query(definition);
  await client.query(
    `INSERT INTO destination_settings (destination, paused_at, updated_by) VALUES ('https://paused.example', now(), 'bench')`,
  );
  await client.query('VACUUM ANALYZE timers');
  await client.query('CHECKPOINT');
}
