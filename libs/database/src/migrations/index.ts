export { migrateToLatest } from './migrate.ts';
export type { MigrateOptions, MigrationProgress, MigrationReport } from './migrate.ts';
export { MigrationError } from './migration-error.ts';
export type { MigrationErrorCode, MigrationFailure } from './migration-error.ts';
export { parseMigrationFile, readMigrationFiles } from './migration-file.ts';
export type { MigrationFile } from './migration-file.ts';
export { findMigrationsDirectory } from './migrations-directory.ts';
