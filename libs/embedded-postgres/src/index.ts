export { findFreePort } from './free-port.ts';
export {
  embeddedDirectory,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  openEmbeddedPostgres,
} from './open-embedded-postgres.ts';
export { nativePackageName } from './postgres-binaries.ts';
export type { PostgresSettings } from './start-postgres.ts';
export { openTemporaryPostgres } from './temporary-postgres.ts';
