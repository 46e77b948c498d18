import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openEmbeddedPostgres } from '@timer-platform/embedded-postgres';
import pg from 'pg';
import { type CommandResult, runCommandWith } from '../testing/run-command.ts';

let root = '';
let migrations = '';

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'reset-'));
  // Under root, another user runs the server.
  await chmod(root, 0o755);
  migrations = path.join(root, 'migrations');
  await mkdir(migrations);
  await writeFile(path.join(migrations, '001_create_a.sql'), 'CREATE TABLE a (id int);\n');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const run = (...args: string[]): Promise<CommandResult> =>
  runCommandWith({ TIMER_DIRECTORY: root }, ...args, '--migrations', migrations);

/** Runs a query on the embedded database as another process would. */
async function query(sql: string): Promise<unknown[]> {
  const server = await openEmbeddedPostgres({ directory: path.join(root, 'postgres'), log: () => undefined });
  const client = new pg.Client({ connectionString: server.url });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
    await server.stop();
  }
}

describe('reset', () => {
  test.each([
    ['DATABASE_URL', { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/production' }],
    ['PG_HOST', { PG_HOST: '127.0.0.1', PG_USER: 'u', PG_DB_NAME: 'production' }],
  ])('rejects a database set by %s', async (variable, env) => {
    const result = await runCommandWith(env, 'reset', '--yes');
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(
      new RegExp(`^${variable} is set, but this command works only on the embedded development database`),
    );
  });

  test('reports an embedded server that cannot be started, without a stack trace', async () => {
    const file = path.join(root, 'a-file');
    await writeFile(file, '');
    const result = await runCommandWith({ TIMER_DIRECTORY: path.join(file, 'below') }, 'status');
    expect(result).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/^error \(connection\): .*ENOTDIR/),
    });
    expect(result.stderr).not.toMatch(/^ {4}at /m);
  });

  test('needs --yes', async () => {
    expect(await run('reset')).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('--yes') });
  });

  test('applies an edited draft to an empty database; migrate rejects the draft and names reset', async () => {
    const draft = path.join(migrations, '002_create_b.sql');
    await writeFile(draft, 'CREATE TABLE b (id int);\n');
    expect(await run('migrate')).toMatchObject({ exitCode: 0 });
    await query('INSERT INTO a VALUES (1)');
    await writeFile(draft, 'CREATE TABLE b (id bigint);\n');
    expect(await run('migrate')).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('npx nx run migrator:reset -- --yes'),
    });

    expect(await run('reset', '--yes')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^001_create_a\.sql .*\n002_create_b\.sql .*\ndone, the schema is at version 2$/,
      ),
    });
    expect(await run('status', '--check')).toMatchObject({ exitCode: 0 });
    expect(await query('SELECT * FROM a')).toEqual([]);
    expect(
      await query(
        "SELECT atttypid::regtype::text AS type FROM pg_attribute WHERE attrelid = 'b'::regclass AND attname = 'id'",
      ),
    ).toEqual([{ type: 'bigint' }]);
  });

  test('keeps the data while another process or session uses the database', async () => {
    await query('INSERT INTO a VALUES (7)');
    const server = await openEmbeddedPostgres({
      directory: path.join(root, 'postgres'),
      log: () => undefined,
    });
    const client = new pg.Client({ connectionString: server.url, application_name: 'forgotten psql' });
    try {
      expect(await run('reset', '--yes')).toMatchObject({
        exitCode: 6,
        stderr: expect.stringContaining('in use: 1 other process, such as the timer service. Stop them'),
      });
      await client.connect();
      expect(await run('reset', '--yes')).toMatchObject({
        exitCode: 6,
        stderr: expect.stringContaining('forgotten psql'),
      });
    } finally {
      await client.end();
      await server.stop();
    }
    expect(await query('SELECT id FROM a')).toEqual([{ id: 7 }]);
    expect(await run('reset', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await query('SELECT id FROM a')).toEqual([]);
  });

  test('reports an invalid file before it deletes anything', async () => {
    await query('INSERT INTO a VALUES (7)');
    const invalid = path.join(migrations, '003_invalid.sql');
    await writeFile(invalid, 'BEGIN;\n');
    expect(await run('reset', '--yes')).toMatchObject({ exitCode: 5 });
    await rm(invalid);
    expect(await query('SELECT id FROM a')).toEqual([{ id: 7 }]);
  });
});
