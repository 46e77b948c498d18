import { type MigrationFile, readMigrationFiles } from '../files/migration-file.ts';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { withMigrationLock } from '../locks/migration-lock.ts';
import { openMigrationSession } from '../migration-session.ts';
import type { AdoptOptions } from './adopt.ts';
import { wasAppliedWithCrlf } from './compare-ledger.ts';
import { readLedger } from './ledger.ts';

/**
 * Records the checksums of files that were applied with Windows line endings and have those of Unix now. The checksum of
 * the file with the other line endings proves that the SQL is the same.
 *
 * @returns the files whose checksum was replaced
 */
export async function repairLineEndings(options: AdoptOptions): Promise<readonly MigrationFile[]> {
  const files = await readMigrationFiles(options.directory ?? findMigrationsDirectory());
  const session = await openMigrationSession(options.databaseUrl);
  const { client } = session;
  try {
    return await withMigrationLock(client, { lockWaitMs: options.lockWaitMs }, async () => {
      const ledger = await readLedger(client);
      const repairable = files.filter((file) =>
        ledger.rows.some((row) => row.version === file.version && wasAppliedWithCrlf(row, file)),
      );
      if (repairable.length === 0) return [];
      await client.query(
        `UPDATE ${ledger.table} AS l SET checksum = f.checksum
         FROM unnest($1::bigint[], $2::bytea[]) AS f (version, checksum) WHERE l.version = f.version`,
        [repairable.map((file) => file.version.toString()), repairable.map((file) => file.checksum)],
      );
      return repairable;
    });
  } finally {
    await session.close();
  }
}
