export { findFreePort } from './free-port.ts';
export {
  embeddedDirectory,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  openEmbeddedPostgres,
} from './open-embedded-postgres.ts';
export type { PostgresSettings } from './start-postgres.ts';
export { openTemporaryPostgres } from './temporary-postgres.ts';
