import { queryRows } from '@timer-platform/migrations';
import type { ClientBase } from 'pg';
import { z } from 'zod';

/**
 * The backfill leaves an old version of every row. An autovacuum of the table writes up to ten times as much as the
 * backfill, at the delay of 2 ms that PostgreSQL has by default, and commits of clients wait for the disk.
 */
const DELAY_MS = '10';

const READ_DELAY = `
SELECT option_value AS delay FROM pg_class, pg_options_to_table(reloptions)
WHERE oid = 'timers'::regclass AND option_name = 'autovacuum_vacuum_cost_delay'`;

async function readDelay(client: ClientBase): Promise<string | undefined> {
  const [option] = await queryRows(client, z.object({ delay: z.string() }), READ_DELAY);
  return option?.delay;
}

/** Slows down autovacuums of timers, unless the operator has chosen a delay. Returns whether it did. */
export async function slowDownAutovacuum(client: ClientBase): Promise<boolean> {
  if ((await readDelay(client)) !== undefined) return false;
  await client.query(`ALTER TABLE timers SET (autovacuum_vacuum_cost_delay = ${DELAY_MS})`);
  return true;
}

/** Undoes {@link slowDownAutovacuum}, unless the operator has chosen another delay since. */
export async function restoreAutovacuum(client: ClientBase, version: string): Promise<void> {
  const { rowCount } = await client.query(
    'UPDATE _online_migrations SET slowed_autovacuum = FALSE WHERE version = $1 AND slowed_autovacuum',
    [version],
  );
  if (rowCount === 1 && (await readDelay(client)) === DELAY_MS)
    await client.query('ALTER TABLE timers RESET (autovacuum_vacuum_cost_delay)');
}
