import { CompiledQuery, type Kysely } from 'kysely';
import type { MigrationFile } from '../files/migration-file.ts';
import { deleteLedgerRow, insertLedgerRow, type LedgerTable } from '../ledger/ledger.ts';
import type { BlockerWatch } from '../locks/blocking-sessions.ts';
import { isLockFailure, type LockPolicy, type LockTry, withLockRetry } from '../locks/lock-retry.ts';
import { MigrationError } from '../migration-error.ts';
import type { MigrationSession } from '../migration-session.ts';
import { settleLeftoverIndex } from './concurrent-index.ts';
import { commitError, executeStatements } from './execute-migration.ts';
import { runKyselyStep } from './kysely-step.ts';

/** Progress of one file. */
export type FileProgress =
  | { readonly kind: 'blocked'; readonly file: MigrationFile; readonly failed: LockTry }
  | { readonly kind: 'leftover-index-dropped'; readonly file: MigrationFile; readonly index: string };

/** One run of the migrator on a database, under the migration lock. */
export interface MigrationRun {
  readonly session: MigrationSession;
  readonly files: readonly MigrationFile[];
  readonly ledgerTable: LedgerTable;
  readonly watch: BlockerWatch;
  readonly policy: LockPolicy;
  readonly report: (progress: FileProgress) => void;
}

/** One migration to apply or to undo. */
export interface MigrationStep {
  readonly direction: 'up' | 'down';
  /** The migration that the ledger records. */
  readonly migration: MigrationFile;
  /** The SQL that runs: the migration itself, or the file that undoes it. */
  readonly file: MigrationFile;
  /** The migrations in the ledger before this step. */
  readonly applied: readonly MigrationFile[];
}

function ledgerChange(table: LedgerTable, step: MigrationStep, startedAt: number): CompiledQuery {
  const { version, description, checksum } = step.migration;
  if (step.direction === 'down') return CompiledQuery.raw(deleteLedgerRow(table), [version.toString()]);
  const nanoseconds = Math.round((performance.now() - startedAt) * 1e6);
  return CompiledQuery.raw(insertLedgerRow(table), [version.toString(), description, checksum, nanoseconds]);
}

async function runStep(
  run: MigrationRun,
  step: MigrationStep,
  execute: (db: Kysely<unknown>) => Promise<void>,
): Promise<void> {
  const { session, ledgerTable, files } = run;
  await runKyselyStep(session, ledgerTable, files, step.applied, {
    direction: step.direction,
    migration: step.migration,
    inTransaction: step.file.inTransaction,
    work: async (db) => {
      const startedAt = performance.now();
      await execute(db);
      await db.executeQuery(ledgerChange(ledgerTable, step, startedAt));
    },
  });
}

/**
 * The command line of sqlx takes no lock: it may have applied the file since the ledger was read.
 *
 * @throws MigrationError `busy`
 */
async function assertNotApplied(db: Kysely<unknown>, table: LedgerTable, step: MigrationStep): Promise<void> {
  if (step.direction === 'down') return;
  const { version, fileName } = step.migration;
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(`SELECT FROM ${table} WHERE version = $1`, [version.toString()]),
  );
  if (rows.length > 0)
    throw new MigrationError(
      'busy',
      `another program, such as sqlx, has applied ${fileName} meanwhile; run again to apply what is left`,
    );
}

/** Lock failures are passed on for a retry; any other error without a statement happened at the commit. */
function namedError(file: MigrationFile, error: unknown): unknown {
  return error instanceof MigrationError || isLockFailure(error) ? error : commitError(file, error);
}

/** Commits the statements of the file and the change of the ledger together. */
async function runInTransaction(
  run: MigrationRun,
  step: MigrationStep,
  lockTimeoutMs: number,
): Promise<void> {
  try {
    await runStep(run, step, async (db) => {
      await db.executeQuery(CompiledQuery.raw(`SET LOCAL lock_timeout = ${lockTimeoutMs}`));
      // The sqlx command line takes no advisory lock. This makes it wait at its insert into the ledger.
      await db.executeQuery(CompiledQuery.raw(`LOCK TABLE ${run.ledgerTable} IN SHARE ROW EXCLUSIVE MODE`));
      await assertNotApplied(db, run.ledgerTable, step);
      await executeStatements(db, step.file);
    });
  } catch (error) {
    throw namedError(step.file, error);
  }
}

/** For CREATE INDEX CONCURRENTLY and similar statements: the ledger is changed afterwards. */
async function runWithoutTransaction(run: MigrationRun, step: MigrationStep): Promise<void> {
  const { client } = run.session;
  // The statement waits for older transactions without blocking others. A timeout would leave an INVALID index.
  await client.query('SET lock_timeout = 0');
  const leftover = await settleLeftoverIndex(client, step.file.statements[0]?.text ?? '');
  if (leftover.state === 'dropped')
    run.report({ kind: 'leftover-index-dropped', file: step.file, index: leftover.index });
  await runStep(run, step, async (db) => {
    await assertNotApplied(db, run.ledgerTable, step);
    if (leftover.state !== 'finished') await executeStatements(db, step.file);
  });
}

/**
 * Applies or undoes one migration and changes the ledger, with retries until its locks are granted.
 *
 * @throws MigrationError `failed` or `lock-timeout`
 */
export async function runMigration(run: MigrationRun, step: MigrationStep): Promise<void> {
  const { file } = step;
  await withLockRetry(
    run.session,
    run.watch,
    run.policy,
    (lockTimeoutMs) =>
      file.inTransaction ? runInTransaction(run, step, lockTimeoutMs) : runWithoutTransaction(run, step),
    (failed) => {
      run.report({ kind: 'blocked', file, failed });
    },
  );
}
