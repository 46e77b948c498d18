import { CompiledQuery, Migrator } from 'kysely';
import type { Kysely, Migration, MigrationProvider } from 'kysely';

import { adoptUnderLock, hasTimers } from './adopt.ts';
import type { Adoption } from './adopt.ts';
import { defaultBlockingRowLimit, guardAgainstBlocking } from './block-guard.ts';
import { BlockerWatch } from './blocking-sessions.ts';
import type { BlockingSession } from './blocking-sessions.ts';
import { compareLedger, refuseProblems } from './compare-ledger.ts';
import { concurrentIndexName, dropLeftoverIndex } from './concurrent-index.ts';
import { commitError, executeStatements } from './execute-migration.ts';
import { followLedger } from './kysely-bookkeeping.ts';
import { createLedger, insertLedgerRow, readLedger } from './ledger.ts';
import type { Ledger, LedgerTable } from './ledger.ts';
import { defaultLockPolicy, isLockFailure, withLockRetry } from './lock-retry.ts';
import type { LockPolicy, LockTry } from './lock-retry.ts';
import { MigrationError } from './migration-error.ts';
import { readMigrationFiles } from './migration-file.ts';
import type { MigrationFile } from './migration-file.ts';
import { withMigrationLock } from './migration-lock.ts';
import { openMigrationSession } from './migration-session.ts';
import type { MigrationSession } from './migration-session.ts';
import { findMigrationsDirectory } from './migrations-directory.ts';
import { readOnlineState } from './online-state.ts';

/** What happens while migrating. The library prints nothing itself. */
export type MigrationProgress =
  | { readonly kind: 'waiting'; readonly holder: BlockingSession | undefined }
  | { readonly kind: 'adopted'; readonly adoption: Adoption }
  | { readonly kind: 'started'; readonly file: MigrationFile }
  | { readonly kind: 'blocked'; readonly file: MigrationFile; readonly failed: LockTry }
  | { readonly kind: 'leftover-index-dropped'; readonly file: MigrationFile; readonly index: string }
  | { readonly kind: 'applied'; readonly file: MigrationFile; readonly milliseconds: number };

export interface MigrateOptions {
  readonly databaseUrl: string;
  /** Holds the numbered files; found from where this code lies when not given. */
  readonly directory?: string | undefined;
  /** The last version to apply; the newest when not given. */
  readonly to?: bigint | undefined;
  /** Milliseconds to wait for another migrator; 0: not at all; not given: as long as it takes. */
  readonly lockWaitMs?: number | undefined;
  /** Timers above which a file that blocks the table is refused; Infinity: never. */
  readonly blockingRowLimit?: number | undefined;
  readonly lockPolicy?: LockPolicy | undefined;
  /** Apply what follows the online migration although that waits for its contract yet. */
  readonly beforeContract?: boolean | undefined;
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

export interface MigrationReport {
  /** In the order in which they were applied by this call. */
  readonly applied: readonly { readonly file: MigrationFile; readonly milliseconds: number }[];
  /** Newest version of the database afterwards; undefined when nothing was ever applied. */
  readonly version: bigint | undefined;
}

/** Kysely knows a migration by its name; what it runs is in the file. */
class SqlMigrationProvider implements MigrationProvider {
  readonly #files: readonly MigrationFile[];
  readonly #run: (file: MigrationFile) => Migration;

  constructor(files: readonly MigrationFile[], run: (file: MigrationFile) => Migration) {
    this.#files = files;
    this.#run = run;
  }

  getMigrations(): Promise<Record<string, Migration>> {
    return Promise.resolve(Object.fromEntries(this.#files.map((file) => [file.name, this.#run(file)])));
  }
}

interface Run {
  readonly session: MigrationSession;
  readonly files: readonly MigrationFile[];
  readonly ledgerTable: LedgerTable;
  readonly watch: BlockerWatch;
  readonly policy: LockPolicy;
  readonly report: (progress: MigrationProgress) => void;
}

function ledgerRow(table: LedgerTable, file: MigrationFile, startedAt: number): CompiledQuery {
  const nanoseconds = Math.round((performance.now() - startedAt) * 1e6);
  return CompiledQuery.raw(insertLedgerRow(table), [
    file.version.toString(),
    file.description,
    file.checksum,
    nanoseconds,
  ]);
}

/** Kysely's Migrator never throws; it answers the error. */
async function migrateUp(run: Run, disableTransactions: boolean, up: Migration['up']): Promise<void> {
  const migrator = new Migrator({
    db: run.session.kysely,
    provider: new SqlMigrationProvider(run.files, () => ({ up })),
    disableTransactions,
  });
  const { error } = await migrator.migrateUp();
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- Kysely answers whatever was thrown, as it was
  if (error !== undefined) throw error;
}

/** What Kysely reports for a transaction: a lock failure is tried again as it is, the rest happened at the commit. */
function namedError(file: MigrationFile, error: unknown): unknown {
  return error instanceof MigrationError || isLockFailure(error) ? error : commitError(file, error);
}

/** The file's statements and its ledger row, committed together or not at all. */
async function applyInTransaction(run: Run, file: MigrationFile): Promise<void> {
  await withLockRetry(
    run.session,
    run.watch,
    run.policy,
    (lockTimeoutMs) =>
      migrateUp(run, false, async (db: Kysely<unknown>) => {
        const startedAt = performance.now();
        await db.executeQuery(CompiledQuery.raw(`SET LOCAL lock_timeout = ${lockTimeoutMs}`));
        // The sqlx command line takes no advisory lock. It then waits here, at its insert into the ledger.
        await db.executeQuery(CompiledQuery.raw(`LOCK TABLE ${run.ledgerTable} IN SHARE ROW EXCLUSIVE MODE`));
        await executeStatements(db, file);
        await db.executeQuery(ledgerRow(run.ledgerTable, file, startedAt));
      }).catch((error: unknown) => {
        throw namedError(file, error);
      }),
    (failed) => {
      run.report({ kind: 'blocked', file, failed });
    },
  );
}

/** CREATE INDEX CONCURRENTLY and its like: the ledger row can only follow afterwards. */
async function applyWithoutTransaction(run: Run, file: MigrationFile): Promise<void> {
  const index = concurrentIndexName(file.statements[0]?.text ?? '');
  await withLockRetry(
    run.session,
    run.watch,
    run.policy,
    async () => {
      // It waits for every transaction older than itself and lets all others through: a timeout would only break it
      // off and leave an INVALID index.
      await run.session.client.query('SET lock_timeout = 0');
      if (index !== undefined && (await dropLeftoverIndex(run.session.client, index))) {
        run.report({ kind: 'leftover-index-dropped', file, index });
      }
      await migrateUp(run, true, async (db: Kysely<unknown>) => {
        const startedAt = performance.now();
        await executeStatements(db, file);
        await db.executeQuery(ledgerRow(run.ledgerTable, file, startedAt));
      });
    },
    (failed) => {
      run.report({ kind: 'blocked', file, failed });
    },
  );
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
 * The ledger to go by. A database of the old service is adopted first, when its schema proves which migrations it has.
 *
 * @throws MigrationError `schema-differs` when it proves none
 */
async function readOrAdopt(
  session: MigrationSession,
  directory: string,
  files: readonly MigrationFile[],
  report: (progress: MigrationProgress) => void,
): Promise<Ledger> {
  const ledger = await readLedger(session.client);
  if (ledger.rows.length > 0 || !(await hasTimers(session.client))) return ledger;
  report({ kind: 'adopted', adoption: await adoptUnderLock(session.client, directory, files, ledger) });
  return readLedger(session.client);
}

/**
 * The files to apply. One that is done online is left to its contract, and what follows it as well unless the caller
 * says otherwise: some of it is of no use to the old service, which may be at work yet.
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
      `${name} is being done online and is at ${state?.phase ?? 'its start'}: see \`nx run migrator:online -- status\`, then contract or abort it. Once it is verified, --before-contract applies what follows it`,
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
  refuseProblems(compareLedger(files, ledger).problems);
  const chosen = await chooseFiles(session, files, ledger, options);
  const { applied, pending } = compareLedger(chosen, ledger);
  await followLedger(session.client, applied, ledger.rows, ledger.table);

  const watch = new BlockerWatch(session.databaseUrl);
  const run: Run = {
    session,
    files: chosen,
    ledgerTable: ledger.table,
    watch,
    policy: options.lockPolicy ?? defaultLockPolicy,
    report,
  };
  const done: { file: MigrationFile; milliseconds: number }[] = [];
  try {
    for (const file of pending.filter((candidate) => candidate.version <= target)) {
      await guardAgainstBlocking(session.client, file, options.blockingRowLimit ?? defaultBlockingRowLimit);
      report({ kind: 'started', file });
      const startedAt = performance.now();
      await (file.inTransaction ? applyInTransaction(run, file) : applyWithoutTransaction(run, file));
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
 * Applies the pending migrations in order, each with its ledger row in a transaction of its own. One migrator at a time
 * works on a database; the others wait. A file that fails leaves nothing behind, the files before it stay applied.
 *
 * @throws MigrationError with a code, and for a failing statement with file, line, SQLSTATE and statement.
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
