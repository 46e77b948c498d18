import type { ClientBase } from 'pg';
import { z } from 'zod';
import { queryRows } from '../query-rows.ts';
import { tableExists } from '../schema/table-exists.ts';
import { ensureOnlineTable, isUnderWay, ONLINE_VERSION, readOnlineState } from './online-state.ts';

/**
 * The ledger in use: the table of sqlx, or a second one with the same columns while the first service owns
 * `_sqlx_migrations`. That service does not start when the table holds versions that it does not have.
 */
export type LedgerTable = '_sqlx_migrations' | '_timer_migrations';

/** The versions under which the first service recorded 001 and 002. */
export const LEGACY_VERSIONS: ReadonlyMap<bigint, bigint> = new Map([
  [20250101000000n, 1n],
  [20250102000000n, 2n],
]);

/** A row of the ledger as sqlx defines it (sqlx-postgres, src/migrate.rs). */
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
  /** Ordered by version. */
  readonly rows: readonly LedgerRow[];
  /** Rows of the first service in `_sqlx_migrations`; never part of `rows`. */
  readonly legacyRows: readonly LedgerRow[];
  /** Other rows in `_sqlx_migrations` while the first service owns it. */
  readonly unknownLegacyRows: readonly LedgerRow[];
  /** The version of the online migration under way: the table has both shapes, the ledger has no row for it yet. */
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

async function readRows(client: ClientBase, table: LedgerTable): Promise<LedgerRow[]> {
  return queryRows(
    client,
    ledgerRowSchema,
    `SELECT version, description, installed_on, success, checksum, execution_time FROM ${table} ORDER BY version`,
  );
}

/** Reads the ledger. Creates no table. */
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
 * Creates the missing tables of the migrator. Always creates that of the online migration too, so that a database has
 * the same tables whichever way it was migrated.
 */
export async function createLedger(client: ClientBase, table: LedgerTable): Promise<void> {
  // CREATE TABLE IF NOT EXISTS alone would print a notice each time.
  if (!(await tableExists(client, table)))
    await client.query(createTable(table)).catch(async (error: unknown) => {
      // Despite IF NOT EXISTS, it fails with a duplicate key when sqlx creates the table at the same time.
      if (!(await tableExists(client, table).catch(() => false))) throw error;
    });
  await ensureOnlineTable(client);
}

/** INSERT of one row; parameters: version, description, checksum, execution time in nanoseconds. */
export function insertLedgerRow(table: LedgerTable): string {
  return `INSERT INTO ${table} (version, description, success, checksum, execution_time) VALUES ($1, $2, TRUE, $3, $4)`;
}

/** DELETE of one row; parameter: version. */
export function deleteLedgerRow(table: LedgerTable): string {
  return `DELETE FROM ${table} WHERE version = $1`;
}
