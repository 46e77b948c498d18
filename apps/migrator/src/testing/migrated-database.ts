import { afterAll } from '@jest/globals';
import { migrateToLatest } from '@timer-platform/migrations';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';

/** Databases of this test file that are only copied, by version. */
const originals = new Map<number | undefined, Promise<TestDatabase>>();

afterAll(async () => {
  for (const original of originals.values()) await (await original).drop();
});

async function migrateNewDatabase(version: number | undefined): Promise<TestDatabase> {
  const database = await createTestDatabase({ empty: true });
  const to = version === undefined ? undefined : BigInt(version);
  await migrateToLatest({ databaseUrl: database.url, to });
  return database;
}

/** Creates a database that the migrator has migrated to this version; 0: empty; by default the newest. */
export async function createMigratedDatabase(version?: number): Promise<TestDatabase> {
  if (version === 0) return createTestDatabase({ empty: true });
  const original = originals.get(version) ?? migrateNewDatabase(version);
  originals.set(version, original);
  return createTestDatabase({ copyOf: await original });
}
