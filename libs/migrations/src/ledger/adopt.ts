import type { ClientBase } from 'pg';
import { type MigrationFile, readMigrationFiles } from '../files/migration-file.ts';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { withMigrationLock } from '../locks/migration-lock.ts';
import { MigrationError } from '../migration-error.ts';
import { openMigrationSession } from '../migration-session.ts';
import {
  compareSchemas,
  describeExtraObjects,
  readSchemaObjects,
  type SchemaObject,
} from '../schema/schema-objects.ts';
import { ADOPTABLE_VERSIONS, readStoredSchema } from '../schema/stored-schema.ts';
import { tableExists } from '../schema/table-exists.ts';
import {
  createLedger,
  insertLedgerRow,
  type Ledger,
  type LedgerTable,
  LEGACY_VERSIONS,
  readLedger,
} from './ledger.ts';

/** Which migrations were recorded, and where. */
export interface Adoption {
  readonly recorded: readonly MigrationFile[];
  readonly ledgerTable: LedgerTable;
  /** True when _sqlx_migrations keeps the rows of the first service, so that it can still start. */
  readonly keepsLegacyLedger: boolean;
  /** Harmless parts of the table timers that no migration creates, a line each. */
  readonly extraObjects: readonly string[];
}

/** The newest version whose schema the live table has. */
export interface ProvenVersion {
  readonly version: bigint;
  readonly extraObjects: readonly string[];
}

/** True for the table timers, its columns, constraints, indexes, triggers and their function. */
function belongsToTimers(object: SchemaObject): boolean {
  if (object.kind === 'function') return object.name === 'update_updated_at_column()';
  return object.table === 'timers' && object.kind !== 'comment';
}

/**
 * Finds the adoptable version whose schema the live table has.
 *
 * @throws MigrationError `schema-differs` with the smallest difference
 */
export async function findMatchingVersion(
  client: ClientBase,
  directory: string,
  files: readonly MigrationFile[],
): Promise<ProvenVersion> {
  const live = (await readSchemaObjects(client)).filter(belongsToTimers);
  let nearest: { version: bigint; differences: string[] } | undefined;
  for (const file of files.filter((candidate) => ADOPTABLE_VERSIONS.includes(candidate.version))) {
    const stored = (await readStoredSchema(directory, files, file)) ?? [];
    const expected = stored.filter(belongsToTimers);
    const differences = compareSchemas(expected, live);
    if (differences.length === 0)
      return { version: file.version, extraObjects: describeExtraObjects(expected, live) };
    if (nearest === undefined || differences.length < nearest.differences.length)
      nearest = { version: file.version, differences };
  }
  throw new MigrationError(
    'schema-differs',
    `the table timers of this database does not match the schema of any migration. Differences from version ${nearest?.version ?? 1n}, the closest one:\n${(nearest?.differences ?? []).join('\n')}\nCorrect the table by hand, then run adopt again; nothing was changed`,
  );
}

/** @throws MigrationError `vanished` when `_sqlx_migrations` holds rows that are neither ours nor of the first service */
function assertLegacyRowsKnown(ledger: Ledger): void {
  if (ledger.unknownLegacyRows.length === 0) return;
  const versions = ledger.unknownLegacyRows.map((row) => `${row.version} (${row.description})`).join(', ');
  throw new MigrationError(
    'vanished',
    `_sqlx_migrations records ${versions}, which neither migrations/ nor the first service have; nothing was changed. Find out what applied them and whether their changes are in the schema of the migrations, then delete these rows and run again`,
  );
}

/** @throws MigrationError `ledgers-differ` when the rows of the first service contradict the schema */
function checkLegacyRows(ledger: Ledger, proven: bigint): void {
  const recorded = ledger.legacyRows.map((row) => LEGACY_VERSIONS.get(row.version) ?? 0n);
  const failed = ledger.legacyRows.find((row) => !row.success);
  if (failed !== undefined) {
    throw new MigrationError(
      'dirty',
      `_sqlx_migrations records version ${failed.version} as failed; check what it left behind, then correct the row`,
    );
  }
  const newest = recorded.reduce((a, b) => (a > b ? a : b), 0n);
  if (ledger.legacyRows.length > 0 && newest !== proven) {
    throw new MigrationError(
      'ledgers-differ',
      `the ledger of the first service records version ${newest}, but the table timers has the schema of version ${proven}; find out which is right before you adopt`,
    );
  }
}

/**
 * Records the migrations that the live schema proves to be applied. Runs DDL on the ledger only. The caller holds the
 * migration lock; the ledger has no rows yet.
 */
export async function adoptUnderLock(
  client: ClientBase,
  directory: string,
  files: readonly MigrationFile[],
  ledger: Ledger,
): Promise<Adoption> {
  assertLegacyRowsKnown(ledger);
  const proven = await findMatchingVersion(client, directory, files);
  checkLegacyRows(ledger, proven.version);
  const recorded = files.filter((file) => file.version <= proven.version);
  await client.query('BEGIN');
  try {
    await createLedger(client, ledger.table);
    for (const file of recorded) {
      await client.query(insertLedgerRow(ledger.table), [
        file.version.toString(),
        file.description,
        file.checksum,
        0,
      ]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  return {
    recorded,
    ledgerTable: ledger.table,
    keepsLegacyLedger: ledger.table === '_timer_migrations',
    extraObjects: proven.extraObjects,
  };
}

export interface AdoptOptions {
  readonly databaseUrl: string;
  readonly directory?: string | undefined;
  readonly lockWaitMs?: number | undefined;
}

/**
 * Adopts a database of the first service: records 001, or 001 and 002, when its schema proves them applied.
 *
 * @returns undefined when there is nothing to adopt: the ledger has rows, or there is no table timers
 * @throws MigrationError `schema-differs` with the difference, `ledgers-differ`, `dirty`
 */
export async function adoptDatabase(options: AdoptOptions): Promise<Adoption | undefined> {
  const directory = options.directory ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const session = await openMigrationSession(options.databaseUrl);
  try {
    return await withMigrationLock(session.client, { lockWaitMs: options.lockWaitMs }, async () => {
      const ledger = await readLedger(session.client);
      if (ledger.rows.length > 0 || !(await tableExists(session.client, 'timers'))) return undefined;
      return adoptUnderLock(session.client, directory, files, ledger);
    });
  } finally {
    await session.close();
  }
}

export interface SwitchOptions extends AdoptOptions {
  /** The operator confirms that the first service will not start again: it could not. */
  readonly oldServiceStopped: boolean;
}

/**
 * Moves our rows into `_sqlx_migrations` and deletes those of the first service, in one transaction. From then on sqlx
 * and the migrator share one ledger.
 *
 * @returns false when the ledger is `_sqlx_migrations` already
 * @throws MigrationError `not-adopted`, `vanished` or `not-confirmed`
 */
export async function switchLedger(options: SwitchOptions): Promise<boolean> {
  const session = await openMigrationSession(options.databaseUrl);
  const { client } = session;
  try {
    return await withMigrationLock(client, { lockWaitMs: options.lockWaitMs }, async () => {
      const ledger = await readLedger(client);
      if (ledger.table === '_sqlx_migrations') return false;
      if (ledger.rows.length === 0) {
        throw new MigrationError(
          'not-adopted',
          'this database is not adopted yet; run `npx nx run migrator:adopt` without --finish first',
        );
      }
      assertLegacyRowsKnown(ledger);
      if (!options.oldServiceStopped) {
        throw new MigrationError(
          'not-confirmed',
          'the first service cannot start once its rows are gone from _sqlx_migrations; retire it, then confirm with --old-service-stopped',
        );
      }
      await client.query('BEGIN');
      try {
        await client.query('LOCK TABLE _sqlx_migrations, _timer_migrations IN ACCESS EXCLUSIVE MODE');
        await client.query('DELETE FROM _sqlx_migrations WHERE version = ANY ($1::bigint[])', [
          ledger.legacyRows.map((row) => row.version.toString()),
        ]);
        await client.query('INSERT INTO _sqlx_migrations SELECT * FROM _timer_migrations');
        await client.query('DROP TABLE _timer_migrations');
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
      return true;
    });
  } finally {
    await session.close();
  }
}
