import { type MigrationFile, readMigrationFiles } from '../files/migration-file.ts';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { type Adoption, adoptUnderLock, hasTimersTable } from '../ledger/adopt.ts';
import { assertNoProblems, compareLedger } from '../ledger/compare-ledger.ts';
import { syncKyselyTable } from '../ledger/kysely-table.ts';
import { createLedger, type Ledger, readLedger } from '../ledger/ledger.ts';
import { readOnlineState } from '../ledger/online-state.ts';
import { BlockerWatch, type BlockingSession } from '../locks/blocking-sessions.ts';
import { DEFAULT_LOCK_POLICY, type LockPolicy } from '../locks/lock-retry.ts';
import { withMigrationLock } from '../locks/migration-lock.ts';
import { MigrationError } from '../migration-error.ts';
import { type MigrationSession, openMigrationSession } from '../migration-session.ts';
import { applyMigration, type ApplyProgress, type MigrationRun } from './apply-migration.ts';
import { DEFAULT_BLOCKING_ROW_LIMIT, guardAgainstBlocking } from './block-guard.ts';

/** Progress of a run. The library itself prints nothing. */
export type MigrationProgress =
  | { readonly kind: 'waiting'; readonly holder: BlockingSession | undefined }
  | { readonly kind: 'adopted'; readonly adoption: Adoption }
  | { readonly kind: 'started'; readonly file: MigrationFile }
  | ApplyProgress
  | { readonly kind: 'applied'; readonly file: MigrationFile; readonly milliseconds: number };

export interface MigrateOptions {
  readonly databaseUrl: string;
  /** Directory of the numbered files; by default that of {@link findMigrationsDirectory}. */
  readonly directory?: string | undefined;
  /** The last version to apply; by default the newest. */
  readonly to?: bigint | undefined;
  /** Milliseconds to wait for another migrator; 0: do not wait; by default no limit. */
  readonly lockWaitMs?: number | undefined;
  /** Number of timers above which a file that blocks the table is rejected; Infinity: no limit. */
  readonly blockingRowLimit?: number | undefined;
  readonly lockPolicy?: LockPolicy | undefined;
  /** Apply the files after an online migration before its contract. */
  readonly beforeContract?: boolean | undefined;
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

export interface MigrationReport {
  /** The files applied by this call, in order. */
  readonly applied: readonly { readonly file: MigrationFile; readonly milliseconds: number }[];
  /** Newest version of the database afterwards; undefined when none was ever applied. */
  readonly version: bigint | undefined;
}

/** @throws MigrationError `no-such-version`. */
function chooseTarget(files: readonly MigrationFile[], to: bigint | undefined): bigint {
  const newest = files.at(-1)?.version ?? 0n;
  if (to === undefined) return newest;
  if (!files.some((file) => file.version === to)) {
    throw new MigrationError('no-such-version', `there is no migration ${to}; the newest is ${newest}`);
  }
  return to;
}

/**
 * Reads the ledger. Adopts a database of the first service before.
 *
 * @throws MigrationError `schema-differs` when its schema proves no version
 */
async function readOrAdopt(
  session: MigrationSession,
  directory: string,
  files: readonly MigrationFile[],
  report: (progress: MigrationProgress) => void,
): Promise<Ledger> {
  const ledger = await readLedger(session.client);
  if (ledger.rows.length > 0 || !(await hasTimersTable(session.client))) return ledger;
  report({ kind: 'adopted', adoption: await adoptUnderLock(session.client, directory, files, ledger) });
  return readLedger(session.client);
}

/**
 * The files to apply. Leaves out a migration that is being applied online; its contract records it. The files after it
 * need `beforeContract`, because the first service may still run and some of them drop what it uses.
 *
 * @throws MigrationError `online-in-progress`
 */
async function chooseFiles(
  session: MigrationSession,
  files: readonly MigrationFile[],
  ledger: Ledger,
  options: MigrateOptions,
): Promise<readonly MigrationFile[]> {
  if (ledger.underWay === undefined) return files;
  const state = await readOnlineState(session.client, ledger.underWay);
  const name = files.find((file) => file.version === ledger.underWay)?.fileName ?? String(ledger.underWay);
  if (options.beforeContract !== true || state?.phase !== 'verified') {
    throw new MigrationError(
      'online-in-progress',
      `${name} is being applied online and is in phase ${state?.phase ?? 'start'}; check \`npx nx run migrator:online -- status\`, then contract or abort it. Once it is verified, --before-contract applies the files after it`,
    );
  }
  return files.filter((file) => file.version !== ledger.underWay);
}

async function migrateLocked(
  session: MigrationSession,
  directory: string,
  files: readonly MigrationFile[],
  options: MigrateOptions,
): Promise<MigrationReport> {
  const target = chooseTarget(files, options.to);
  const report = options.onProgress ?? (() => undefined);
  const ledger = await readOrAdopt(session, directory, files, report);
  await createLedger(session.client, ledger.table);
  assertNoProblems(compareLedger(files, ledger).problems);
  const chosen = await chooseFiles(session, files, ledger, options);
  const { applied, pending } = compareLedger(chosen, ledger);
  await syncKyselyTable(session.client, applied, ledger.rows, ledger.table);

  const watch = new BlockerWatch(session.databaseUrl);
  const run: MigrationRun = {
    session,
    files: chosen,
    ledgerTable: ledger.table,
    watch,
    policy: options.lockPolicy ?? DEFAULT_LOCK_POLICY,
    report,
  };
  const done: { file: MigrationFile; milliseconds: number }[] = [];
  try {
    for (const file of pending.filter((candidate) => candidate.version <= target)) {
      await guardAgainstBlocking(
        session.client,
        file,
        options.blockingRowLimit ?? DEFAULT_BLOCKING_ROW_LIMIT,
      );
      report({ kind: 'started', file });
      const startedAt = performance.now();
      await applyMigration(run, file);
      const milliseconds = performance.now() - startedAt;
      done.push({ file, milliseconds });
      report({ kind: 'applied', file, milliseconds });
    }
  } finally {
    await watch.close();
  }
  return { applied: done, version: done.at(-1)?.file.version ?? ledger.rows.at(-1)?.version };
}

/**
 * Applies the pending migrations in order, each with its ledger row in its own transaction. Only one migrator at a time
 * works on a database; the others wait. A failed file is rolled back, the files before it stay applied.
 *
 * @throws MigrationError with a code; for a failed statement with file, line, SQLSTATE and statement
 */
export async function migrateToLatest(options: MigrateOptions): Promise<MigrationReport> {
  const directory = options.directory ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const session = await openMigrationSession(options.databaseUrl);
  try {
    return await withMigrationLock(
      session.client,
      {
        lockWaitMs: options.lockWaitMs,
        onWait: (holder) => {
          options.onProgress?.({ kind: 'waiting', holder });
        },
      },
      () => migrateLocked(session, directory, files, options),
    );
  } finally {
    await session.close();
  }
}
