import type { ClientBase } from 'pg';
import { z } from 'zod';
import { queryRow, queryRows } from '../query-rows.ts';
import { tableExists } from '../schema/table-exists.ts';

/**
 * The phases of an online migration. A phase is stored until it is complete. In `verified` the trigger keeps both shapes
 * in sync until the contract.
 */
const ONLINE_PHASES = [
  'backfill',
  'sweep',
  'constraints',
  'index',
  'verify',
  'verified',
  'contracted',
  'aborting',
  'aborted',
] as const;
const onlinePhaseSchema = z.enum(ONLINE_PHASES);
export type OnlinePhase = z.infer<typeof onlinePhaseSchema>;

export const onlineStateSchema = z.object({
  version: z.coerce.bigint(),
  phase: onlinePhaseSchema,
  /** Set by another session; the running migrator stops after its batch. */
  paused: z.boolean(),
  /** Pages of the table when the migration started, and the next one that the backfill reads. */
  pages: z.coerce.number().default(0),
  next_page: z.coerce.number().default(0),
  rows_done: z.coerce.number(),
  rows_total: z.coerce.number(),
  batches: z.coerce.number(),
  started_at: z.date(),
  updated_at: z.date(),
  /** Result of the last verification. */
  evidence: z.unknown(),
  verified_at: z.date().nullable(),
});
export type OnlineState = z.infer<typeof onlineStateSchema>;

/** The migration that `migrator:online` can apply in steps. */
export const ONLINE_VERSION = 2n;

/**
 * The migrations that wait for the contract of the online migration, because the first service still runs: 009 and 017
 * drop indexes of its queries, 015 builds an index under the name of one that 009 drops, 037 drops that of 015, and 032
 * replaces the trigger of updated_at, after which triggers of the online migration run. The others neither drop nor change
 * what the first service uses. A migration that does belongs into this list; a test compares it with the files.
 */
export const AFTER_CONTRACT: ReadonlySet<bigint> = new Set([9n, 15n, 17n, 32n, 37n]);

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS _online_migrations (
      version BIGINT PRIMARY KEY,
      phase TEXT NOT NULL,
      paused BOOLEAN NOT NULL DEFAULT FALSE,
      pages BIGINT NOT NULL DEFAULT 0,
      next_page BIGINT NOT NULL DEFAULT 0,
      rows_done BIGINT NOT NULL DEFAULT 0,
      rows_total BIGINT NOT NULL DEFAULT 0,
      batches BIGINT NOT NULL DEFAULT 0,
      started_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
      updated_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
      evidence JSONB,
      slowed_autovacuum BOOLEAN NOT NULL DEFAULT FALSE,
      verified_at TIMESTAMPTZ
  )`;

/** The columns that a table of an earlier version lacks. */
const ADD_COLUMNS = `
  ALTER TABLE _online_migrations
    ADD COLUMN IF NOT EXISTS pages BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS next_page BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS slowed_autovacuum BOOLEAN NOT NULL DEFAULT FALSE`;

const HAS_ALL_COLUMNS = `
SELECT EXISTS (
  SELECT FROM pg_attribute WHERE attrelid = '_online_migrations'::regclass AND attname = 'slowed_autovacuum'
) AS complete`;

/** Creates the table, or adds what an earlier version of it lacks. */
export async function ensureOnlineTable(client: ClientBase): Promise<void> {
  if (!(await tableExists(client, '_online_migrations'))) {
    await client.query(CREATE_TABLE);
    return;
  }
  const { complete } = await queryRow(client, z.object({ complete: z.boolean() }), HAS_ALL_COLUMNS);
  if (!complete) await client.query(ADD_COLUMNS);
}

/** The state of the online migration to a version; undefined when none was ever started. Reads only. */
export async function readOnlineState(client: ClientBase, version: bigint): Promise<OnlineState | undefined> {
  if (!(await tableExists(client, '_online_migrations'))) return undefined;
  const [state] = await queryRows(
    client,
    onlineStateSchema,
    'SELECT * FROM _online_migrations WHERE version = $1',
    [version.toString()],
  );
  return state;
}

/** True between the start of an online migration and its contract or abort, while the table has both shapes. */
export function isUnderWay(state: OnlineState | undefined): boolean {
  return state !== undefined && state.phase !== 'contracted' && state.phase !== 'aborted';
}
