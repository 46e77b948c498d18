import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClientBase } from 'pg';
import { type MigrationFile, readMigrationFiles } from '../files/migration-file.ts';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { withMigrationLock } from '../locks/migration-lock.ts';
import { MigrationError } from '../migration-error.ts';
import { openMigrationSession } from '../migration-session.ts';
import { parseSchemaDump } from '../schema/schema-dump.ts';
import { compareSchemas, readSchemaObjects, type SchemaObject } from '../schema/schema-objects.ts';
import {
  createLedger,
  insertLedgerRow,
  type Ledger,
  type LedgerTable,
  LEGACY_VERSIONS,
  readLedger,
} from './ledger.ts';

/** What was recorded, and where. */
export interface Adoption {
  readonly recorded: readonly MigrationFile[];
  readonly ledgerTable: LedgerTable;
  /** Whether the rows of the old service stay in _sqlx_migrations, so that it can still start. */
  readonly keepsLegacyLedger: boolean;
}

/** Schemas that a database without our ledger may have: after 001, and after 002. */
const ADOPTABLE_VERSIONS: readonly bigint[] = [1n, 2n];

/** What an older service may have left: table timers with its columns, constraints, indexes, triggers, their function. */
function belongsToTimers(object: SchemaObject): boolean {
  if (object.kind === 'function') return object.name === 'update_updated_at_column()';
  return object.table === 'timers' && object.kind !== 'comment';
}

/** The schema after a version, generated from a migrated database by `migrator:dump-schema`. */
async function readExpectedSchema(directory: string, file: MigrationFile): Promise<SchemaObject[]> {
  const dump = await readFile(path.join(directory, 'schema', file.fileName), 'utf8');
  return parseSchemaDump(dump).filter(belongsToTimers);
}

export async function hasTimersTable(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query("SELECT 1 WHERE to_regclass('timers') IS NOT NULL");
  return rows.length > 0;
}

/** The newest adoptable version whose schema the live one equals. @throws MigrationError `schema-differs`, with the nearest difference. */
export async function findMatchingVersion(
  client: ClientBase,
  directory: string,
  files: readonly MigrationFile[],
): Promise<bigint> {
  const live = (await readSchemaObjects(client)).filter(belongsToTimers);
  let nearest: { version: bigint; differences: string[] } | undefined;
  for (const file of files.filter((candidate) => ADOPTABLE_VERSIONS.includes(candidate.version))) {
    const differences = compareSchemas(await readExpectedSchema(directory, file), live);
    if (differences.length === 0) return file.version;
    if (nearest === undefined || differences.length < nearest.differences.length)
      nearest = { version: file.version, differences };
  }
  throw new MigrationError(
    'schema-differs',
    `the table timers of this database is not what any migration makes. Compared with version ${nearest?.version ?? 1n}, the nearest:\n${(nearest?.differences ?? []).join('\n')}\nBring it to that schema by hand, then adopt again; nothing was changed`,
  );
}

/** @throws MigrationError `ledgers-differ` when the old service's rows say something else than the schema proves. */
function checkLegacyRows(ledger: Ledger, proven: bigint): void {
  const claimed = ledger.legacyRows.map((row) => LEGACY_VERSIONS.get(row.version) ?? 0n);
  const failed = ledger.legacyRows.find((row) => !row.success);
  if (failed !== undefined) {
    throw new MigrationError(
      'dirty',
      `version ${failed.version} stands in _sqlx_migrations as not successful`,
    );
  }
  const newest = claimed.reduce((a, b) => (a > b ? a : b), 0n);
  if (ledger.legacyRows.length > 0 && newest !== proven) {
    throw new MigrationError(
      'ledgers-differ',
      `the old service's ledger says that the database is at our version ${newest}, but its table timers is that of version ${proven}; find out which is right before adopting`,
    );
  }
}

/**
 * Records the migrations that the live schema proves to be applied; runs no DDL on anything but the ledger. Call it
 * under the migration lock, with a ledger that has no rows of ours.
 */
export async function adoptUnderLock(
  client: ClientBase,
  directory: string,
  files: readonly MigrationFile[],
  ledger: Ledger,
): Promise<Adoption> {
  if (ledger.unknownLegacyRows.length > 0) {
    const versions = ledger.unknownLegacyRows.map((row) => `${row.version} (${row.description})`).join(', ');
    throw new MigrationError(
      'vanished',
      `_sqlx_migrations holds ${versions}, which is neither one of our files nor one of the old service's`,
    );
  }
  const proven = await findMatchingVersion(client, directory, files);
  checkLegacyRows(ledger, proven);
  const recorded = files.filter((file) => file.version <= proven);
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
  return { recorded, ledgerTable: ledger.table, keepsLegacyLedger: ledger.table === '_timer_migrations' };
}

export interface AdoptOptions {
  readonly databaseUrl: string;
  readonly directory?: string | undefined;
  readonly lockWaitMs?: number | undefined;
}

/**
 * Takes over a database of the old service: records 001, or 001 and 002, when its schema proves them applied.
 *
 * @returns undefined when there is nothing to adopt: the ledger has rows already, or there is no table timers
 * @throws MigrationError `schema-differs` with the difference, `ledgers-differ`, `dirty`
 */
export async function adoptDatabase(options: AdoptOptions): Promise<Adoption | undefined> {
  const directory = options.directory ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const session = await openMigrationSession(options.databaseUrl);
  try {
    return await withMigrationLock(session.client, { lockWaitMs: options.lockWaitMs }, async () => {
      const ledger = await readLedger(session.client);
      if (ledger.rows.length > 0 || !(await hasTimersTable(session.client))) return undefined;
      return adoptUnderLock(session.client, directory, files, ledger);
    });
  } finally {
    await session.close();
  }
}

export interface SwitchOptions extends AdoptOptions {
  /** The operator says that it will not be started again: it would refuse to. */
  readonly oldServiceStopped: boolean;
}

/**
 * Moves our rows into `_sqlx_migrations` and takes the old service's out, once it will never start again. One
 * transaction; from then on sqlx and we share one ledger.
 *
 * @returns whether there was anything to move
 * @throws MigrationError `not-adopted` or `not-confirmed`
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
          'this database is not adopted yet: run migrator:adopt without --finish first',
        );
      }
      if (!options.oldServiceStopped) {
        throw new MigrationError(
          'not-confirmed',
          'the old service cannot start any more once its rows are gone from _sqlx_migrations. Retire it, then say so with --old-service-stopped',
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
