import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { MigrationFile } from '../files/migration-file.ts';
import { MigrationError } from '../migration-error.ts';
import { queryRows } from '../query-rows.ts';
import type { LedgerRow } from './ledger.ts';

const kyselyRowSchema = z.object({ name: z.string(), timestamp: z.string() });

/** Kysely sorts by these, so each is later than the one before. */
function timestampsFor(rows: readonly LedgerRow[]): string[] {
  let last = 0;
  return rows.map((row) => {
    last = Math.max(row.installed_on.getTime(), last + 1);
    return new Date(last).toISOString();
  });
}

/**
 * Rewrites Kysely's own table from the ledger. The ledger is authoritative: Kysely's table has no checksums, and sqlx
 * does not write it. The caller holds the migration lock.
 *
 * @throws MigrationError `ledgers-differ` when Kysely's table has a migration that the ledger does not have
 */
export async function syncKyselyTable(
  client: ClientBase,
  applied: readonly MigrationFile[],
  rows: readonly LedgerRow[],
  ledgerTable: string,
): Promise<void> {
  await client.query('BEGIN');
  try {
    const exists = await queryRows(
      client,
      z.object({ found: z.boolean() }),
      "SELECT to_regclass('kysely_migration') IS NOT NULL AS found",
    );
    if (exists[0]?.found !== true) {
      // The columns that Kysely creates.
      await client.query(
        'CREATE TABLE kysely_migration (name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL)',
      );
    }
    const known = await queryRows(
      client,
      kyselyRowSchema,
      'SELECT name, timestamp FROM kysely_migration ORDER BY timestamp, name',
    );
    const names = applied.map((file) => file.name);
    const extra = known.filter((row) => !names.includes(row.name)).map((row) => row.name);
    if (extra.length > 0) {
      throw new MigrationError(
        'ledgers-differ',
        `kysely_migration has ${extra.join(', ')}, ${ledgerTable} does not: one of them was changed by hand. Find out whether the migration is applied, then delete the row or insert the missing one`,
      );
    }
    if (known.map((row) => row.name).join('\n') !== names.join('\n')) {
      await client.query('DELETE FROM kysely_migration');
      await client.query(
        'INSERT INTO kysely_migration (name, timestamp) SELECT * FROM unnest($1::text[], $2::text[])',
        [names, timestampsFor(rows)],
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
