import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { MigrationFile } from '../files/migration-file.ts';
import { MigrationError } from '../migration-error.ts';
import { queryRows } from '../query-rows.ts';
import { tableExists } from '../schema/table-exists.ts';
import type { LedgerTable } from './ledger.ts';

/** The columns that Kysely creates. */
const CREATE_TABLE =
  'CREATE TABLE kysely_migration (name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL)';

const FIND_FOREIGN_NAMES = 'SELECT name FROM kysely_migration WHERE name <> ALL ($1) ORDER BY name';

/**
 * Parameters: versions and names of the files. Kysely undoes the migration with the latest timestamp, so each is later
 * than the one before, whatever the clocks of the clients were.
 */
const copyLedger = (ledgerTable: LedgerTable): string => `
WITH ledger AS (
  SELECT f.name, to_char(
    (max(l.installed_on) OVER by_version + row_number() OVER by_version * interval '1 ms') AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS timestamp
  FROM unnest($1::bigint[], $2::text[]) AS f (version, name) JOIN ${ledgerTable} l USING (version)
  WINDOW by_version AS (ORDER BY version)
),
removed AS (DELETE FROM kysely_migration WHERE name NOT IN (SELECT name FROM ledger))
INSERT INTO kysely_migration (name, timestamp) SELECT name, timestamp FROM ledger
ON CONFLICT (name) DO UPDATE SET timestamp = EXCLUDED.timestamp
WHERE kysely_migration.timestamp <> EXCLUDED.timestamp`;

/**
 * Makes Kysely's own table a copy of the ledger, which alone decides what is applied: Kysely's table has no checksums,
 * sqlx does not write it, and a kill can come between the writes to the two. The caller holds the migration lock.
 *
 * @param copied the migrations to copy; the command line of sqlx, which takes no lock, may record others meanwhile
 * @throws MigrationError `ledgers-differ` when Kysely's table belongs to another application
 */
export async function syncKyselyTable(
  client: ClientBase,
  files: readonly MigrationFile[],
  ledgerTable: LedgerTable,
  copied = files,
): Promise<void> {
  const names = files.map((file) => file.name);
  if (!(await tableExists(client, 'kysely_migration'))) await client.query(CREATE_TABLE);
  const foreign = await queryRows(client, z.object({ name: z.string() }), FIND_FOREIGN_NAMES, [names]);
  if (foreign.length > 0) {
    throw new MigrationError(
      'ledgers-differ',
      `kysely_migration has ${foreign.map((row) => row.name).join(', ')}, which no file of migrations/ is named: the table belongs to another application, or a file was renamed. Give this installation a schema of its own by search_path, or rename the file back`,
    );
  }
  await client.query(copyLedger(ledgerTable), [
    copied.map((file) => file.version.toString()),
    copied.map((file) => file.name),
  ]);
}
