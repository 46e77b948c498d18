export {
  embeddedDirectory,
  openEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './open-embedded-postgres.ts';
export { findFreePort } from './free-port.ts';
export type { PostgresSettings } from './postgres-process.ts';
export { openTemporaryPostgres } from './temporary-postgres.ts';
