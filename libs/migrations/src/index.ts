export { asMigrationError } from './explain-server-error.ts';
export type { MigrationFile } from './files/migration-file.ts';
export { parseMigrationFile, readMigrationFiles } from './files/migration-file.ts';
export { findMigrationsDirectory } from './files/migrations-directory.ts';
export type { SqlStatement } from './files/split-statements.ts';
export { lineAndColumn, splitStatements } from './files/split-statements.ts';
export type { Adoption, AdoptOptions } from './ledger/adopt.ts';
export { adoptDatabase, switchLedger } from './ledger/adopt.ts';
export type { LedgerComparison, LedgerProblem } from './ledger/compare-ledger.ts';
export { assertNoProblems, compareLedger } from './ledger/compare-ledger.ts';
export { syncKyselyTable } from './ledger/kysely-table.ts';
export type { Ledger, LedgerRow, LedgerTable } from './ledger/ledger.ts';
export { createLedger, insertLedgerRow, readLedger } from './ledger/ledger.ts';
export type { MigrationState } from './ledger/migration-state.ts';
export { readMigrationState } from './ledger/migration-state.ts';
export type { OnlinePhase, OnlineState } from './ledger/online-state.ts';
export {
  AFTER_CONTRACT,
  ensureOnlineTable,
  isUnderWay,
  ONLINE_VERSION,
  readOnlineState,
} from './ledger/online-state.ts';
export { repairLineEndings } from './ledger/repair-line-endings.ts';
export type { BlockingSession } from './locks/blocking-sessions.ts';
export { BlockerWatch, describeSession, sessionSchema } from './locks/blocking-sessions.ts';
export type { LockPolicy, LockTry } from './locks/lock-retry.ts';
export { DEFAULT_LOCK_POLICY, withLockRetry } from './locks/lock-retry.ts';
export { withMigrationLock } from './locks/migration-lock.ts';
export type { MigrationErrorCode, MigrationFailure } from './migration-error.ts';
export { MigrationError } from './migration-error.ts';
export type { MigrationSession } from './migration-session.ts';
export { APPLICATION_NAME, openMigrationSession } from './migration-session.ts';
export { queryRow, queryRows } from './query-rows.ts';
export { blocksTable, DEFAULT_BLOCKING_ROW_LIMIT, needsAllowBlocking } from './run/block-guard.ts';
export { settleLeftoverIndex } from './run/concurrent-index.ts';
export type { MigrateOptions, MigrationProgress, MigrationReport } from './run/migrate.ts';
export { migrateToLatest } from './run/migrate.ts';
export type { DownFile, DownProgress, MigrateDownOptions } from './run/migrate-down.ts';
export { migrateDown, readDownFile } from './run/migrate-down.ts';
export type { FileProgress } from './run/run-migration.ts';
export { assertNoDependentObjects, findDependentObjects } from './schema/dependent-objects.ts';
export { dumpSchema } from './schema/schema-dump.ts';
export type { SchemaObject } from './schema/schema-objects.ts';
export {
  BOOKKEEPING_TABLES,
  compareSchemas,
  describeExtraObjects,
  readSchemaObjects,
} from './schema/schema-objects.ts';
export { formatStoredSchema, readStoredSchema, storedSchemaFile } from './schema/stored-schema.ts';
export { asDatabaseError, SQL_STATE } from './server-error.ts';
export { OLDEST_POSTGRES } from './server-version.ts';
