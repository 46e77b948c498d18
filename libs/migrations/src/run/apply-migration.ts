import { CompiledQuery, type Kysely, type Migration, type MigrationProvider, Migrator } from 'kysely';
import type { MigrationFile } from '../files/migration-file.ts';
import { insertLedgerRow, type LedgerTable } from '../ledger/ledger.ts';
import type { BlockerWatch } from '../locks/blocking-sessions.ts';
import { isLockFailure, type LockPolicy, type LockTry, withLockRetry } from '../locks/lock-retry.ts';
import { MigrationError } from '../migration-error.ts';
import type { MigrationSession } from '../migration-session.ts';
import { concurrentIndexName, dropLeftoverIndex } from './concurrent-index.ts';
import { commitError, executeStatements } from './execute-migration.ts';

/** Progress of the application of one file. */
export type ApplyProgress =
  | { readonly kind: 'blocked'; readonly file: MigrationFile; readonly failed: LockTry }
  | { readonly kind: 'leftover-index-dropped'; readonly file: MigrationFile; readonly index: string };

/** Kysely identifies a migration by its name; its SQL comes from the file. */
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

/** One run of the migrator on a database, under the migration lock. */
export interface MigrationRun {
  readonly session: MigrationSession;
  readonly files: readonly MigrationFile[];
  readonly ledgerTable: LedgerTable;
  readonly watch: BlockerWatch;
  readonly policy: LockPolicy;
  readonly report: (progress: ApplyProgress) => void;
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

/** Applies the next migration. Throws the error that Kysely's Migrator returns. */
async function migrateUp(
  run: MigrationRun,
  disableTransactions: boolean,
  up: Migration['up'],
): Promise<void> {
  const migrator = new Migrator({
    db: run.session.kysely,
    provider: new SqlMigrationProvider(run.files, () => ({ up })),
    disableTransactions,
    migrationTableSchema: run.session.schema,
  });
  const { error } = await migrator.migrateUp();
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- Kysely returns the thrown value unchanged
  if (error !== undefined) throw error;
}

/** Lock failures are passed on for a retry; any other error without a statement happened at the commit. */
function namedError(file: MigrationFile, error: unknown): unknown {
  return error instanceof MigrationError || isLockFailure(error) ? error : commitError(file, error);
}

/** Commits the statements of the file and its ledger row together. */
async function applyInTransaction(run: MigrationRun, file: MigrationFile): Promise<void> {
  await withLockRetry(
    run.session,
    run.watch,
    run.policy,
    (lockTimeoutMs) =>
      migrateUp(run, false, async (db: Kysely<unknown>) => {
        const startedAt = performance.now();
        await db.executeQuery(CompiledQuery.raw(`SET LOCAL lock_timeout = ${lockTimeoutMs}`));
        // The sqlx command line takes no advisory lock. This makes it wait at its insert into the ledger.
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

/** For CREATE INDEX CONCURRENTLY and similar statements: the ledger row is written afterwards. */
async function applyWithoutTransaction(run: MigrationRun, file: MigrationFile): Promise<void> {
  const index = concurrentIndexName(file.statements[0]?.text ?? '');
  await withLockRetry(
    run.session,
    run.watch,
    run.policy,
    async () => {
      // The statement waits for older transactions without blocking others. A timeout would leave an INVALID index.
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

/** Applies the next pending file of Kysely. @throws MigrationError `failed` or `lock-timeout` */
export async function applyMigration(run: MigrationRun, file: MigrationFile): Promise<void> {
  await (file.inTransaction ? applyInTransaction(run, file) : applyWithoutTransaction(run, file));
}
