import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type MigrationFile, parseMigrationFile, readMigrationFiles } from '../files/migration-file.ts';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { assertNoProblems, compareLedger } from '../ledger/compare-ledger.ts';
import { syncKyselyTable } from '../ledger/kysely-table.ts';
import { readLedger } from '../ledger/ledger.ts';
import { BlockerWatch, type BlockingSession } from '../locks/blocking-sessions.ts';
import { DEFAULT_LOCK_POLICY, type LockPolicy } from '../locks/lock-retry.ts';
import { withMigrationLock } from '../locks/migration-lock.ts';
import { MigrationError } from '../migration-error.ts';
import { type MigrationSession, openMigrationSession } from '../migration-session.ts';
import { DEFAULT_BLOCKING_ROW_LIMIT, guardAgainstBlocking } from './block-guard.ts';
import { checkOwnership, probeLock } from './check-access.ts';
import { runGuards } from './guards.ts';
import { type FileProgress, type MigrationRun, runMigration } from './run-migration.ts';

/** A migration and the file that undoes it: migrations/down/<the same name>.sql. */
export interface DownFile {
  readonly up: MigrationFile;
  readonly down: MigrationFile;
  /** Data that is lost: the `-- loses:` lines of the file. */
  readonly losses: readonly string[];
}

/** Progress of a run. The library itself prints nothing. */
export type DownProgress =
  | { readonly kind: 'waiting'; readonly holder: BlockingSession | undefined }
  | FileProgress
  | { readonly kind: 'undone'; readonly file: MigrationFile; readonly milliseconds: number };

export interface MigrateDownOptions {
  readonly databaseUrl: string;
  readonly directory?: string | undefined;
  /** The version to go back to. */
  readonly to: bigint;
  /** The operator accepts the loss of data that the files declare. */
  readonly acceptLoss: boolean;
  /** Milliseconds to wait for another migrator; 0: do not wait; by default no limit. */
  readonly lockWaitMs?: number | undefined;
  readonly blockingRowLimit?: number | undefined;
  readonly lockPolicy?: LockPolicy | undefined;
  readonly onProgress?: ((progress: DownProgress) => void) | undefined;
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

/** Nothing was changed when one of these checks refuses. */
async function checkAll(
  run: MigrationRun,
  chosen: readonly DownFile[],
  options: MigrateDownOptions,
): Promise<void> {
  const { session } = run;
  if (!options.acceptLoss) assertLossAccepted(chosen);
  const files = chosen.map(({ down }) => down);
  const rowLimit = options.blockingRowLimit ?? DEFAULT_BLOCKING_ROW_LIMIT;
  await guardAgainstBlocking(session.client, files, rowLimit);
  await checkOwnership(session.client, files);
  await runGuards(session, files);
  await probeLock(run, files);
}

async function migrateDownLocked(
  session: MigrationSession,
  watch: BlockerWatch,
  directory: string,
  options: MigrateDownOptions,
): Promise<readonly MigrationFile[]> {
  const files = await readMigrationFiles(directory);
  const ledger = await readLedger(session.client);
  const { applied, problems } = compareLedger(files, ledger);
  assertNoProblems(problems);
  const chosen = await chooseDownFiles(directory, applied, options.to);

  const report = options.onProgress ?? (() => undefined);
  const run: MigrationRun = {
    session,
    files,
    ledgerTable: ledger.table,
    watch,
    policy: options.lockPolicy ?? DEFAULT_LOCK_POLICY,
    report,
  };
  await checkAll(run, chosen, options);
  for (const { up, down } of chosen) {
    const startedAt = performance.now();
    await runMigration(run, {
      direction: 'down',
      migration: up,
      file: down,
      applied: applied.filter((file) => file.version <= up.version),
    });
    report({ kind: 'undone', file: up, milliseconds: performance.now() - startedAt });
  }
  await syncKyselyTable(session.client, files, ledger.table);
  return chosen.map(({ up }) => up);
}

/**
 * Undoes the newest migrations down to a version, each in its own transaction, which also deletes the ledger row. Checks
 * the files, the table and the guards of all of them before it undoes the first.
 *
 * @returns the undone files, newest first
 * @throws MigrationError `no-way-back`, `not-confirmed` with the data that would be lost, `would-block`, `failed` when a
 *   row prevents it
 */
export async function migrateDown(options: MigrateDownOptions): Promise<readonly MigrationFile[]> {
  const directory = options.directory ?? findMigrationsDirectory();
  const session = await openMigrationSession(options.databaseUrl);
  const watch = new BlockerWatch(options.databaseUrl);
  const onWait = (holder: BlockingSession | undefined): void => {
    options.onProgress?.({ kind: 'waiting', holder });
  };
  try {
    return await withMigrationLock(session.client, { lockWaitMs: options.lockWaitMs, onWait }, () =>
      migrateDownLocked(session, watch, directory, options),
    );
  } finally {
    await watch.close();
    await session.close();
  }
}
