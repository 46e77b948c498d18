import { queryRow } from '@timer-platform/migrations';
import { z } from 'zod';
import { inShortTransaction, type OnlineContext } from './online-context.ts';
import { slowDownAutovacuum } from './slow-autovacuum.ts';
import { SYNC_TRIGGER } from './sync-trigger.ts';

/** A constant default does not rewrite existing rows. */
const ADD_COLUMNS = `
ALTER TABLE timers
  ADD COLUMN callback_type VARCHAR(10) NOT NULL DEFAULT 'http',
  ADD COLUMN callback_config JSONB,
  ALTER COLUMN callback_url DROP NOT NULL`;

const BEGIN_STATE = `
INSERT INTO _online_migrations (version, phase, rows_total, slowed_autovacuum, pages)
VALUES ($1, 'backfill', $2, $3, pg_relation_size('timers') / current_setting('block_size')::int)
ON CONFLICT (version) DO UPDATE SET phase = 'backfill', paused = FALSE, next_page = DEFAULT, rows_done = 0, batches = 0,
  rows_total = EXCLUDED.rows_total, pages = EXCLUDED.pages, slowed_autovacuum = EXCLUDED.slowed_autovacuum,
  started_at = DEFAULT, updated_at = DEFAULT, evidence = NULL, verified_at = NULL`;

/** For the progress display only; exact if the table was never analyzed. */
const ESTIMATE_ROWS = `
SELECT CASE WHEN reltuples >= 0 THEN reltuples::bigint ELSE (SELECT count(*) FROM timers) END AS rows
FROM pg_class WHERE oid = 'timers'::regclass`;

/** Phase 1: adds the new columns and the trigger that lets old and new clients write. One short transaction. */
export async function expand(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  const { rows } = await queryRow(client, z.object({ rows: z.coerce.number() }), ESTIMATE_ROWS);
  await inShortTransaction(context, 'expand', async () => {
    // First, so that no work is lost if the lock is not granted.
    await client.query('LOCK TABLE timers IN ACCESS EXCLUSIVE MODE');
    await client.query(ADD_COLUMNS);
    for (const statement of SYNC_TRIGGER.create) await client.query(statement);
    const slowedAutovacuum = await slowDownAutovacuum(client);
    await client.query(BEGIN_STATE, [context.file.version.toString(), rows, slowedAutovacuum]);
  });
}
