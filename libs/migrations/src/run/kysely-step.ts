import { type Kysely, type Migration, Migrator } from 'kysely';
import type { MigrationFile } from '../files/migration-file.ts';
import { syncKyselyTable } from '../ledger/kysely-table.ts';
import type { LedgerTable } from '../ledger/ledger.ts';
import type { MigrationSession } from '../migration-session.ts';

/** One migration to apply or to undo. */
export interface KyselyStep {
  readonly direction: 'up' | 'down';
  /** The migration that the ledger records. */
  readonly migration: MigrationFile;
  readonly inTransaction: boolean;
  readonly work: (db: Kysely<unknown>) => Promise<void>;
}

/**
 * Runs one migration with Kysely's Migrator, which opens the transaction and keeps its own table. Our ledger has decided
 * which one it is: Kysely's table is made equal to the ledger first, and Kysely finds only this migration to do.
 *
 * @throws the error that Kysely's Migrator returns
 */
export async function runKyselyStep(
  session: MigrationSession,
  ledgerTable: LedgerTable,
  files: readonly MigrationFile[],
  applied: readonly MigrationFile[],
  { direction, migration, inTransaction, work }: KyselyStep,
): Promise<void> {
  await syncKyselyTable(session.client, files, ledgerTable, applied);
  const other = (): Promise<void> =>
    Promise.reject(new Error(`Kysely chose another migration than ${migration.name}`));
  const migrations = new Map<string, Migration>(
    applied.map((file) => [file.name, { up: other, down: other }]),
  );
  migrations.set(migration.name, direction === 'up' ? { up: work } : { up: other, down: work });
  const migrator = new Migrator({
    db: session.kysely,
    provider: { getMigrations: () => Promise.resolve(Object.fromEntries(migrations)) },
    // Kysely's order is that of the clocks of the clients; the order of the ledger is that of the numbers.
    allowUnorderedMigrations: true,
    disableTransactions: !inTransaction,
    migrationTableSchema: session.schema,
  });
  const { error } = await (direction === 'up' ? migrator.migrateUp() : migrator.migrateDown());
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- Kysely returns the thrown value unchanged
  if (error !== undefined) throw error;
}
