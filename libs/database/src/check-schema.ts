import { type Database, statement } from './connect.ts';
import { isUndefinedObject } from './postgres-error.ts';

/** The database has not the schema that this code was written for. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** Names what the newest migrations made; reads no row. */
const CHECK = statement(
  'check-schema',
  `SELECT timers.claims, timers.attempts_forgiven, timers.expires_at, dispatchers.heartbeat_at, timer_attempts.error,
     idempotency_keys.timer_ids
   FROM timers, dispatchers, timer_attempts, idempotency_keys LIMIT 0`,
);

/**
 * Resolves when the database is migrated.
 *
 * @throws {SchemaError} when it is not, or PostgreSQL's error when the database does not answer
 */
export async function checkSchema(db: Database): Promise<void> {
  try {
    await db.rows(CHECK);
  } catch (error) {
    if (!isUndefinedObject(error)) throw error;
    throw new SchemaError(
      'The database is not migrated to this version: run `npx nx run migrator:migrate`, then start again',
      {
        cause: error,
      },
    );
  }
}
