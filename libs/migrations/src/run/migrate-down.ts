import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CompiledQuery, type Kysely, Migrator } from 'kysely';
import { type MigrationFile, parseMigrationFile, readMigrationFiles } from '../files/migration-file.ts';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { assertNoProblems, compareLedger } from '../ledger/compare-ledger.ts';
import { syncKyselyTable } from '../ledger/kysely-table.ts';
import { deleteLedgerRow, readLedger } from '../ledger/ledger.ts';
import { BlockerWatch } from '../locks/blocking-sessions.ts';
import { DEFAULT_LOCK_POLICY, type LockPolicy, withLockRetry } from '../locks/lock-retry.ts';
import { withMigrationLock } from '../locks/migration-lock.ts';
import { MigrationError } from '../migration-error.ts';
import { openMigrationSession } from '../migration-session.ts';
import { DEFAULT_BLOCKING_ROW_LIMIT, guardAgainstBlocking } from './block-guard.ts';
import { executeStatements } from './execute-migration.ts';

/** A migration and the file that undoes it: migrations/down/<the same name>.sql. */
export interface DownFile {
  readonly up: MigrationFile;
  readonly down: MigrationFile;
  /** Data that is lost: the `-- loses:` lines of the file. */
  readonly losses: readonly string[];
}

export interface MigrateDownOptions {
  readonly databaseUrl: string;
  readonly directory?: string | undefined;
  /** The version to go back to. */
  readonly to: bigint;
  /** The operator accepts the loss of data that the files declare. */
  readonly acceptLoss: boolean;
  readonly lockWaitMs?: number | undefined;
  readonly blockingRowLimit?: number | undefined;
  readonly lockPolicy?: LockPolicy | undefined;
  readonly onUndone?: ((file: MigrationFile, milliseconds: number) => void) | undefined;
}

/** Reads the file that undoes a migration. @throws MigrationError `no-way-back` when there is none */
export async function readDownFile(directory: string, up: MigrationFile): Promise<DownFile> {
  const bytes = await readFile(path.join(directory, 'down', up.fileName)).catch((cause: unknown) => {
    throw new MigrationError(
      'no-way-back',
      `${up.fileName} cannot be undone: migrations/down/${up.fileName} does not exist`,
      { cause },
    );
  });
  const down = parseMigrationFile(up.fileName, bytes);
  const losses = Array.from(down.sql.matchAll(/^-- loses: (.+)$/gm), (match) => match[1] ?? '');
  return { up, down: { ...down, fileName: `down/${up.fileName}` }, losses };
}

/** The applied migrations above `to` with their down files, newest first. */
async function chooseDownFiles(
  directory: string,
  applied: readonly MigrationFile[],
  to: bigint,
): Promise<DownFile[]> {
  if (!applied.some((file) => file.version === to)) {
    throw new MigrationError(
      'no-such-version',
      `version ${to} is not applied; applied: ${applied.map((file) => file.version).join(', ') || 'none'}`,
    );
  }
  const above = applied.filter((file) => file.version > to).toReversed();
  return Promise.all(above.map((file) => readDownFile(directory, file)));
}

function assertLossAccepted(files: readonly DownFile[]): void {
  const losses = files.flatMap(({ up, losses: lost }) => lost.map((text) => `  ${up.fileName}: ${text}`));
  if (losses.length === 0) return;
  throw new MigrationError(
    'not-confirmed',
    `this loses data:\n${losses.join('\n')}\nConfirm with --accept-loss; nothing was changed`,
  );
}

/**
 * Undoes the newest migrations down to a version, each in its own transaction, which also deletes the ledger row.
 *
 * @returns the undone files, newest first
 * @throws MigrationError `no-way-back`, `not-confirmed` with the data that would be lost, `failed` when a row prevents it
 */
export async function migrateDown(options: MigrateDownOptions): Promise<readonly MigrationFile[]> {
  const directory = options.directory ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const session = await openMigrationSession(options.databaseUrl);
  const watch = new BlockerWatch(options.databaseUrl);
  try {
    return await withMigrationLock(session.client, { lockWaitMs: options.lockWaitMs }, async () => {
      const ledger = await readLedger(session.client);
      const known = files.filter((file) => file.version !== ledger.underWay);
      const { applied, problems } = compareLedger(known, ledger);
      assertNoProblems(problems);
      const chosen = await chooseDownFiles(directory, applied, options.to);
      if (!options.acceptLoss) assertLossAccepted(chosen);
      await syncKyselyTable(session.client, applied, ledger.rows, ledger.table);

      for (const { up, down } of chosen) {
        await guardAgainstBlocking(
          session.client,
          down,
          options.blockingRowLimit ?? DEFAULT_BLOCKING_ROW_LIMIT,
        );
        const startedAt = performance.now();
        const undo = async (db: Kysely<unknown>): Promise<void> => {
          await executeStatements(db, down);
          await db.executeQuery(CompiledQuery.raw(deleteLedgerRow(ledger.table), [up.version.toString()]));
        };
        await withLockRetry(
          session,
          watch,
          options.lockPolicy ?? DEFAULT_LOCK_POLICY,
          async (lockTimeoutMs) => {
            await session.client.query(`SET lock_timeout = ${down.inTransaction ? lockTimeoutMs : 0}`);
            const migrator = new Migrator({
              db: session.kysely,
              provider: {
                getMigrations: () =>
                  Promise.resolve(
                    Object.fromEntries(
                      known.map((file) => [file.name, { up: () => Promise.resolve(), down: undo }]),
                    ),
                  ),
              },
              disableTransactions: !down.inTransaction,
              migrationTableSchema: session.schema,
            });
            const { error } = await migrator.migrateDown();
            // eslint-disable-next-line @typescript-eslint/only-throw-error -- Kysely returns the thrown value unchanged
            if (error !== undefined) throw error;
          },
          () => undefined,
        );
        options.onUndone?.(up, performance.now() - startedAt);
      }
      return chosen.map(({ up }) => up);
    });
  } finally {
    await watch.close();
    await session.close();
  }
}
