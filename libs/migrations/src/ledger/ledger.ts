import type { ClientBase } from 'pg';
import { z } from 'zod';
import { queryRow, queryRows } from '../query-rows.ts';
import { CREATE_ONLINE_TABLE, isUnderWay, ONLINE_VERSION, readOnlineState } from './online-state.ts';

/**
 * The ledger in use: the table of sqlx, or one beside it with the same columns. The latter while the old service still
 * owns `_sqlx_migrations`: it refuses to start when that table holds versions which it does not know.
 */
export type LedgerTable = '_sqlx_migrations' | '_timer_migrations';

/** The version under which the old service recorded what is now 001, and the one for 002. */
export const LEGACY_VERSIONS: ReadonlyMap<bigint, bigint> = new Map([
  [20250101000000n, 1n],
  [20250102000000n, 2n],
]);

/** A row of the ledger, as sqlx defines it (sqlx-postgres, src/migrate.rs). */
export const ledgerRowSchema = z.object({
  version: z.coerce.bigint(),
  description: z.string(),
  installed_on: z.date(),
  success: z.boolean(),
  checksum: z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes)),
  /** Nanoseconds. */
  execution_time: z.coerce.bigint(),
});
export type LedgerRow = z.infer<typeof ledgerRowSchema>;

export interface Ledger {
  readonly table: LedgerTable;
  readonly exists: boolean;
  /** By version. */
  readonly rows: readonly LedgerRow[];
  /** Rows of the old service in `_sqlx_migrations`, never part of `rows`. */
  readonly legacyRows: readonly LedgerRow[];
  /** Rows beside them that nobody knows. */
  readonly unknownLegacyRows: readonly LedgerRow[];
  /** The version that an online migration is at work on: both shapes are in the table, its row is not here yet. */
  readonly underWay: bigint | undefined;
}

function createTable(table: LedgerTable): string {
  return `
    CREATE TABLE IF NOT EXISTS ${table} (
        version BIGINT PRIMARY KEY,
        description TEXT NOT NULL,
        installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
        success BOOLEAN NOT NULL,
        checksum BYTEA NOT NULL,
        execution_time BIGINT NOT NULL
    )`;
}

async function tableExists(client: ClientBase, table: string): Promise<boolean> {
  const found = await queryRow(
    client,
    z.object({ found: z.boolean() }),
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [table],
  );
  return found.found;
}

async function readRows(client: ClientBase, table: LedgerTable): Promise<LedgerRow[]> {
  return queryRows(
    client,
    ledgerRowSchema,
    `SELECT version, description, installed_on, success, checksum, execution_time FROM ${table} ORDER BY version`,
  );
}

/** Reads only: makes no table. */
export async function readLedger(client: ClientBase): Promise<Ledger> {
  const [sqlx, own] = [
    await tableExists(client, '_sqlx_migrations'),
    await tableExists(client, '_timer_migrations'),
  ];
  const sqlxRows = sqlx ? await readRows(client, '_sqlx_migrations') : [];
  const legacyRows = sqlxRows.filter((row) => LEGACY_VERSIONS.has(row.version));
  const underWay = isUnderWay(await readOnlineState(client, ONLINE_VERSION)) ? ONLINE_VERSION : undefined;
  if (own || legacyRows.length > 0) {
    return {
      table: '_timer_migrations',
      exists: own,
      rows: own ? await readRows(client, '_timer_migrations') : [],
      legacyRows,
      unknownLegacyRows: sqlxRows.filter((row) => !LEGACY_VERSIONS.has(row.version)),
      underWay,
    };
  }
  return {
    table: '_sqlx_migrations',
    exists: sqlx,
    rows: sqlxRows,
    legacyRows,
    unknownLegacyRows: [],
    underWay,
  };
}

/**
 * Makes the tables of the migrator that are not there yet. That of the online migration always comes along, so that a
 * database looks the same whichever way it was migrated.
 */
export async function createLedger(client: ClientBase, table: LedgerTable): Promise<void> {
  // CREATE TABLE IF NOT EXISTS alone would print a notice each time.
  if (!(await tableExists(client, table))) await client.query(createTable(table));
  if (!(await tableExists(client, '_online_migrations'))) await client.query(CREATE_ONLINE_TABLE);
}

/** The insert of one row: version, description, checksum, execution time in nanoseconds. */
export function insertLedgerRow(table: LedgerTable): string {
  return `INSERT INTO ${table} (version, description, success, checksum, execution_time) VALUES ($1, $2, TRUE, $3, $4)`;
}

/** The delete of one row: version. */
export function deleteLedgerRow(table: LedgerTable): string {
  return `DELETE FROM ${table} WHERE version = $1`;
}
