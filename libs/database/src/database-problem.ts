import { findMissingGrants } from './check-privileges.ts';
import { type Database, statement } from './connect.ts';

const STATE = statement(
  'database-state',
  `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only`,
);

/**
 * Returns why the database responds but cannot serve the API, or undefined: it accepts no changes, or the role lacks
 * privileges.
 */
export async function findDatabaseProblem(db: Database): Promise<string | undefined> {
  const [state] = await db.rows<{ standby: boolean; read_only: boolean }>(STATE);
  if (state?.standby === true) return 'the database is a standby and accepts no changes';
  if (state?.read_only === true) return 'the database is read-only';
  const grants = await findMissingGrants(db, 'api');
  return grants.length === 0 ? undefined : `the database role lacks privileges: ${grants.join('; ')}`;
}
