import { expect, test } from '@jest/globals';
import { checkSchema, connect } from '@timer-platform/database';
import {
  AFTER_CONTRACT,
  findMigrationsDirectory,
  migrateToLatest,
  readMigrationFiles,
  readSchemaObjects,
} from '@timer-platform/migrations';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import pg from 'pg';
import { type CommandResult, runCommand } from '../testing/run-command.ts';

const database = withTestDatabase({ empty: true, perTest: true });
const run = (...args: string[]): Promise<CommandResult> => runCommand(database.url, ...args);
const rowsOf = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;

/** A database of the first service with both shapes in sync. Returns the parts of its table. */
async function goOnline(): Promise<string[]> {
  await migrateToLatest({ databaseUrl: database.url, to: 1n });
  await database.query(
    `INSERT INTO timers (execute_at, callback_url) SELECT now() + interval '1 ms', 'http://a/' || i FROM generate_series(1, 3) AS i`,
  );
  const parts = await partsOfTimers();
  expect(await run('online', 'start')).toMatchObject({ exitCode: 0 });
  return parts;
}

/** Kind and name of the parts of the table timers. */
async function partsOfTimers(): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const objects = await readSchemaObjects(client);
    return objects.filter(({ table }) => table === 'timers').map(({ kind, name }) => `${kind} ${name}`);
  } finally {
    await client.end();
  }
}

test('migrate --before-contract leaves all that the first service uses, and the new service can start', async () => {
  const parts = await goOnline();
  const migrated = await run('migrate', '--before-contract');
  expect(migrated).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining(
      'waiting for the contract of the online migration: 002_add_callback_types.sql, 009_drop_unused_indexes.sql, 015_index_callback_types.sql, 017_drop_replaced_indexes.sql, 032_set_columns_after_updates.sql, 037_drop_index_by_type.sql\n',
    ),
  });
  expect(await partsOfTimers()).toEqual(expect.arrayContaining(parts));

  // The statements of the first service: claim, list, complete, create.
  await database.query(
    `UPDATE timers SET status = 'executing' WHERE id = (SELECT id FROM timers WHERE status = 'pending' AND execute_at <= now() ORDER BY execute_at LIMIT 1 FOR UPDATE SKIP LOCKED)`,
  );
  await database.query(
    "UPDATE timers SET status = 'completed', executed_at = now() WHERE status = 'executing'",
  );
  await database.query(
    "INSERT INTO timers (execute_at, callback_url, callback_headers) VALUES (now() + interval '1 day', 'http://old', '{\"a\": \"b\"}')",
  );
  expect(
    await rowsOf("SELECT callback_config->>'url' AS url FROM timers WHERE callback_url = 'http://old'"),
  ).toEqual([{ url: 'http://old' }]);

  const service = connect({
    url: database.url,
    applicationName: 'timer-service',
    poolSize: 1,
    onIdleError: () => undefined,
  });
  try {
    await checkSchema(service);
  } finally {
    await service.close();
  }
  expect(await run('migrate', '--before-contract')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('nothing to do'),
  });
});

test('after the contract the waiting files are applied, and the schema is that of the migrations', async () => {
  await goOnline();
  await run('migrate', '--before-contract');
  expect(
    await run('online', 'contract', '--old-service-stopped', '--known-application', 'test support'),
  ).toMatchObject({ exitCode: 0 });
  expect(await run('status')).toMatchObject({
    stdout: expect.stringMatching(/pending {2}009_[^]*pending {2}015_[^]*pending {2}017_[^]*pending {2}032_/),
  });
  expect(await run('migrate')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('009_') });
  expect(await run('verify')).toMatchObject({ exitCode: 0, stdout: 'files, ledger and live schema match' });
  expect(await rowsOf('SELECT name FROM kysely_migration')).toHaveLength(
    (await readMigrationFiles(findMigrationsDirectory())).length,
  );
});

test('the way back before the contract ends in the schema of 001', async () => {
  await goOnline();
  await run('migrate', '--before-contract');
  expect(await run('down', '--to', '1', '--accept-loss')).toMatchObject({ exitCode: 0 });
  expect(await run('online', 'abort')).toMatchObject({ exitCode: 0 });
  expect(await run('verify')).toMatchObject({ exitCode: 0, stdout: 'files, ledger and live schema match' });
  expect(await rowsOf('SELECT callback_url FROM timers')).toHaveLength(3);
});

/** 015 needs 009 before it, 032 replaces a trigger of 001 under its name, 037 drops what 015 builds. */
const OTHERS = new Set([15n, 32n, 37n]);

test('the waiting files are those that drop parts of 001, and three others', async () => {
  await migrateToLatest({ databaseUrl: database.url, to: 1n });
  const first = await partsOfTimers();
  await migrateToLatest({ databaseUrl: database.url, to: 2n });
  const dropping: bigint[] = [];
  let before = await partsOfTimers();
  for (const file of await readMigrationFiles(findMigrationsDirectory())) {
    if (file.version <= 2n) continue;
    await migrateToLatest({ databaseUrl: database.url, to: file.version });
    const after = await partsOfTimers();
    if (before.some((part) => first.includes(part) && !after.includes(part))) dropping.push(file.version);
    before = after;
  }
  expect([...AFTER_CONTRACT].filter((version) => !OTHERS.has(version))).toEqual(dropping);
});

test('--before-contract without an online migration is refused', async () => {
  await migrateToLatest({ databaseUrl: database.url, to: 1n });
  expect(await run('migrate', '--before-contract')).toMatchObject({
    exitCode: 7,
    stderr: expect.stringContaining('without --before-contract'),
  });
  expect(await rowsOf('SELECT max(version)::int AS version FROM _sqlx_migrations')).toEqual([{ version: 1 }]);
});
