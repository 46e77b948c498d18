import { migrateToLatest } from '@timer-platform/migrations';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';

/** Creates a database that the migrator has migrated to this version; 0: empty; by default the newest. */
export async function createMigratedDatabase(version?: number): Promise<TestDatabase> {
  const database = await createTestDatabase({ empty: true });
  if (version !== 0)
    await migrateToLatest({
      databaseUrl: database.url,
      to: version === undefined ? undefined : BigInt(version),
    });
  return database;
}
