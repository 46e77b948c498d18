import { type MigrationFile, readMigrationFiles } from '../files/migration-file.ts';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { type Adoption, adoptUnderLock } from '../ledger/adopt.ts';
import { assertNoProblems, compareLedger } from '../ledger/compare-ledger.ts';
import { syncKyselyTable } from '../ledger/kysely-table.ts';
import { createLedger, type Ledger, readLedger } from '../ledger/ledger.ts';
import { AFTER_CONTRACT, ONLINE_VERSION, readOnlineState } from '../ledger/online-state.ts';
import { BlockerWatch, type BlockingSession } from '../locks/blocking-sessions.ts';
import { DEFAULT_LOCK_POLICY, type LockPolicy } from '../locks/lock-retry.ts';
import { withMigrationLock } from '../locks/migration-lock.ts';
import { MigrationError } from '../migration-error.ts';
import { type MigrationSession, openMigrationSession } from '../migration-session.ts';
import { assertNoDependentObjects } from '../schema/dependent-objects.ts';
import { tableExists } from '../schema/table-exists.ts';
import { DEFAULT_BLOCKING_ROW_LIMIT, guardAgainstBlocking } from './block-guard.ts';
import { type FileProgress, type MigrationRun, runMigration } from './run-migration.ts';

/** Progress of a run. The library itself prints nothing. */
export type MigrationProgress =
  | { readonly kind: 'waiting'; readonly holder: BlockingSession | undefined }
  | { readonly kind: 'adopted'; readonly adoption: Adoption }
  | { readonly kind: 'started'; readonly file: MigrationFile }
  | FileProgress
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
  /** Apply the files after an online migration before its contract, except those of {@link AFTER_CONTRACT}. */
  readonly beforeContract?: boolean | undefined;
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

export interface MigrationReport {
  /** The files applied by this call, in order. */
  readonly applied: readonly { readonly file: MigrationFile; readonly milliseconds: number }[];
  /** The pending files that wait for the contract of the online migration, itself included. */
  readonly waiting: readonly MigrationFile[];
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
  if (ledger.rows.length > 0 || !(await tableExists(session.client, 'timers'))) return ledger;
  report({ kind: 'adopted', adoption: await adoptUnderLock(session.client, directory, files, ledger) });
  return readLedger(session.client);
}

/**
 * Whether a pending file waits for the contract of the online migration under way. The contract records that migration
 * itself. The files after it need `beforeContract`, because the first service may still run.
 *
 * @throws MigrationError `online-in-progress` or `not-online`
 */
async function chooseWaiting(
  session: MigrationSession,
  files: readonly MigrationFile[],
  { underWay }: Ledger,
  options: MigrateOptions,
): Promise<(file: MigrationFile) => boolean> {
  if (underWay === undefined) {
    if (options.beforeContract !== true) return () => false;
    throw new MigrationError(
      'not-online',
      'no online migration is under way, so there is no contract to come; run again without --before-contract',
    );
  }
  const state = await readOnlineState(session.client, underWay);
  const name = files.find((file) => file.version === underWay)?.fileName ?? String(underWay);
  if (options.beforeContract !== true || state?.phase !== 'verified') {
    throw new MigrationError(
      'online-in-progress',
      `${name} is being applied online and is in phase ${state?.phase ?? 'start'}; check \`npx nx run migrator:online -- status\`, then contract or abort it. Once it is verified, --before-contract applies the files after it`,
    );
  }
  return ({ version }) => version === underWay || AFTER_CONTRACT.has(version);
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
  const { applied, pending } = compareLedger(files, ledger);
  const waits = await chooseWaiting(session, files, ledger, options);
  const chosen = pending.filter((file) => file.version <= target && !waits(file));
  const rowLimit = options.blockingRowLimit ?? DEFAULT_BLOCKING_ROW_LIMIT;
  await guardAgainstBlocking(session.client, chosen, rowLimit);

  const dropping = chosen.find(({ version }) => version === ONLINE_VERSION);
  if (dropping !== undefined) await assertNoDependentObjects(session.client, dropping.fileName);

  const watch = new BlockerWatch(session.databaseUrl);
  const run: MigrationRun = {
    session,
    files,
    ledgerTable: ledger.table,
    watch,
    policy: options.lockPolicy ?? DEFAULT_LOCK_POLICY,
    report,
  };
  const done: { file: MigrationFile; milliseconds: number }[] = [];
  try {
    for (const file of chosen) {
      report({ kind: 'started', file });
      const startedAt = performance.now();
      const before = [...applied, ...done.map((earlier) => earlier.file)];
      await runMigration(run, { direction: 'up', migration: file, file, applied: before });
      const milliseconds = performance.now() - startedAt;
      done.push({ file, milliseconds });
      report({ kind: 'applied', file, milliseconds });
    }
  } finally {
    await watch.close();
  }
  await syncKyselyTable(session.client, files, ledger.table);
  const { rows } = await readLedger(session.client);
  return { applied: done, waiting: pending.filter(waits), version: rows.at(-1)?.version };
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
