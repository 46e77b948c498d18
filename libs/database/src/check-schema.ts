import { type Database, statement } from './connect.ts';
import { findWrongSettings } from './find-wrong-settings.ts';
import { findMissingObjects } from './required-objects.ts';

/** This code cannot work with the database as it is. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/**
 * The protocol between processes and the database that this code speaks. A migration that code of an earlier protocol
 * cannot work with replaces the function timer_protocol() by one that returns a larger number. Without the function the
 * protocol is 1.
 */
const PROTOCOL = 1;

const HAS_PROTOCOL = statement(
  'has-protocol',
  `SELECT to_regprocedure('timer_protocol()') IS NOT NULL AS marked`,
);
const READ_PROTOCOL = statement('read-protocol', 'SELECT timer_protocol()::integer AS protocol');

async function protocolOf(db: Database): Promise<number> {
  const [row] = await db.rows<{ marked: boolean }>(HAS_PROTOCOL);
  if (row?.marked !== true) return PROTOCOL;
  const [marker] = await db.rows<{ protocol: number }>(READ_PROTOCOL);
  return marker?.protocol ?? PROTOCOL;
}

/** How many missing columns and functions a message names. */
const MAX_NAMED = 5;

/**
 * Checks that this code can work with the database: it has every column and function that statements use, it was not
 * migrated beyond the protocol of this code, and its sessions have the settings that the statements depend on.
 *
 * @throws {SchemaError} when it cannot, or the error of the driver when the database cannot be reached
 */
export async function checkSchema(db: Database): Promise<void> {
  const protocol = await protocolOf(db);
  if (protocol > PROTOCOL)
    throw new SchemaError(
      `The database was migrated for protocol ${protocol} and this version speaks protocol ${PROTOCOL}: run a newer version of the service`,
    );
  const missing = await findMissingObjects(db);
  if (missing.length > 0) {
    const named = missing.slice(0, MAX_NAMED).join(', ');
    const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : '';
    throw new SchemaError(
      `The database is not migrated to this version: run \`npx nx run migrator:migrate\`, then restart. If it was migrated by a newer version, run that version of the service. Missing in the search path of the role: ${named}${more}`,
    );
  }
  const wrong = await findWrongSettings(db);
  if (wrong.length > 0)
    throw new SchemaError(
      `Database sessions have settings that the service cannot work with: ${wrong.join('; ')}. With TRANSACTION_POOLER, set them for the role with ALTER ROLE … SET, or with connect_query of PgBouncer`,
    );
}
