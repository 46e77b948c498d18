import { type Database, statement } from './connect.ts';
import { isUndefinedObject } from './postgres-error.ts';

/** The database does not have the schema that this code requires. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** Selects columns that the newest migrations add, and no rows. */
const CHECK = statement(
  'check-schema',
  `SELECT timers.claims, timers.attempts_forgiven, timers.expires_at, dispatchers.heartbeat_at, timer_attempts.error,
     idempotency_keys.timer_ids
   FROM timers, dispatchers, timer_attempts, idempotency_keys LIMIT 0`,
);

/**
 * Checks that the database is migrated.
 *
 * @throws {SchemaError} when it is not, or the error of the driver when the database cannot be reached
 */
export async function checkSchema(db: Database): Promise<void> {
  try {
    await db.rows(CHECK);
  } catch (error) {
    if (!isUndefinedObject(error)) throw error;
    throw new SchemaError(
      'The database is not migrated to this version: run `npx nx run migrator:migrate`, then restart',
      {
        cause: error,
      },
    );
  }
}
