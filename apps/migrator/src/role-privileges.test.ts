import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TestDatabase } from '@timer-platform/test-support';
import pg from 'pg';
import { createMigratedDatabase } from './testing/migrated-database.ts';
import { type CommandResult, runCommand } from './testing/run-command.ts';

let database: TestDatabase;
let admin: pg.Client;
let role: string;
let url: string;

async function open(upTo: number): Promise<void> {
  database = await createMigratedDatabase(upTo);
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(
    `REVOKE ALL ON DATABASE ${database.name} FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC`,
  );
}
beforeEach(() => {
  role = `migrator_${randomBytes(4).toString('hex')}`;
});
afterEach(async () => {
  await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await admin.end();
  await database.drop();
});

async function createRole(): Promise<void> {
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  const parsed = new URL(database.url);
  parsed.username = role;
  parsed.password = 'secret';
  url = parsed.href;
}
const run = (...args: string[]): Promise<CommandResult> => runCommand(url, ...args);

/** The statements of `plan`, for a role that can connect. */
async function readBlock(): Promise<{ statement: string; granted: boolean }[]> {
  const { stdout } = await run('plan', '--json');
  const { privileges } = JSON.parse(stdout) as { privileges: { statement: string; granted: boolean }[] };
  return privileges;
}

describe('on an empty database', () => {
  beforeEach(async () => {
    await open(0);
    await createRole();
    await admin.query(`GRANT CONNECT ON DATABASE ${database.name} TO ${role}`);
  });

  test('a role with exactly the statements that plan prints can migrate, verify and undo', async () => {
    const statements = (await readBlock()).map(({ statement }) => statement);
    expect(statements).toEqual([
      `GRANT CONNECT ON DATABASE ${database.name} TO ${role}`,
      `GRANT CREATE ON SCHEMA public TO ${role}`,
      `GRANT USAGE ON SCHEMA public TO ${role}`,
    ]);
    await admin.query(statements.join(';\n'));
    expect((await readBlock()).map(({ granted }) => granted)).toEqual([true, true, true]);
    expect(await run('migrate')).toMatchObject({ exitCode: 0 });
    expect(await run('verify')).toMatchObject({ exitCode: 0 });
    expect(await run('down', '--to', '1', '--accept-loss')).toMatchObject({ exitCode: 0 });
  });

  test.each([
    ['CREATE', 'USAGE'],
    ['USAGE', 'CREATE'],
  ])('a role without %s on the schema is told the statement by plan and by migrate', async (lacks, has) => {
    await admin.query(`GRANT ${has} ON SCHEMA public TO ${role}`);
    const statement = `GRANT ${lacks} ON SCHEMA public TO ${role};`;
    expect((await run('plan')).stdout).toContain(`${statement}  -- missing`);
    const failed = await run('migrate');
    expect(failed).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/^error \(permission-denied\): /),
    });
    expect(failed.stderr).toContain(`The role lacks:\n  ${statement}`);
    expect(failed.stderr).not.toMatch(/^ {4}at /m);
  });

  test('a role that may not connect is told the statement', async () => {
    await admin.query(`REVOKE CONNECT ON DATABASE ${database.name} FROM ${role}`);
    for (const command of ['plan', 'migrate', 'status'])
      expect(await run(command)).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining(`GRANT CONNECT ON DATABASE "${database.name}" TO "${role}"`),
      });
  });

  test('a wrong password, an unknown database and a wrong port are one line with the way out', async () => {
    const wrong = await runCommand(url.replace(':secret@', ':wrong@'), 'migrate');
    expect(wrong).toMatchObject({ exitCode: 4 });
    expect(wrong.stderr).toMatch(
      /^error \(connection\): cannot connect .*password authentication failed.*; check user and password[^\n]*$/,
    );
    const unreachable = await runCommand('postgres://a:b@127.0.0.1:1/c', 'status');
    expect(unreachable.stderr).toMatch(/^error \(connection\): .*ECONNREFUSED.*; check DATABASE_URL[^\n]*$/);
    const unknown = await runCommand(url.replace(database.name, 'no_such_database'), 'status');
    expect(unknown.stderr).toMatch(
      /^error \(connection\): .*"no_such_database" does not exist; create it [^\n]*$/,
    );
  });
});

describe('on a database that another role has migrated', () => {
  let owner: string;
  beforeEach(async () => {
    await open(1);
    await createRole();
    owner = `owner_${role}`;
    await admin.query(`CREATE ROLE ${owner}`);
    await admin.query(
      `GRANT CONNECT ON DATABASE ${database.name} TO ${role}; GRANT CREATE, USAGE ON SCHEMA public TO ${role}`,
    );
  });
  afterEach(async () => {
    await admin.query(
      `REASSIGN OWNED BY ${owner} TO CURRENT_USER; DROP OWNED BY ${owner}; DROP ROLE ${owner}`,
    );
  });
  const giveAll = (to: string): Promise<unknown> =>
    admin.query(`DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO ${to}', name);
      END LOOP; ALTER FUNCTION update_updated_at_column() OWNER TO ${to}; END $$`);

  test('it needs membership in the role that owns the tables', async () => {
    await giveAll(owner);
    const failed = await run('migrate');
    expect(failed).toMatchObject({ exitCode: 4 });
    expect(failed.stderr).toContain(`The role lacks:\n  GRANT ${owner} TO ${role};`);
    expect(failed.stderr).not.toMatch(/^ {4}at /m);
    await admin.query(`GRANT ${owner} TO ${role}`);
    expect(await run('migrate')).toMatchObject({ exitCode: 0 });
    // So that the tables can be dropped with the database.
    await admin.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER`);
  });

  test('it needs ownership when a superuser owns the tables', async () => {
    const failed = await run('migrate');
    expect(failed.stderr).toContain(`  ALTER TABLE public.timers OWNER TO ${role};`);
    const missing = Array.from(failed.stderr.matchAll(/^ {2}(.*;)$/gm), (match) => match[1]);
    await admin.query(missing.join('\n'));
    expect(await run('migrate')).toMatchObject({ exitCode: 0, stderr: '' });
    await admin.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER`);
  });

  test('an object that depends on a dropped column is named, with the way out and no stack trace', async () => {
    await admin.query('CREATE VIEW urls AS SELECT callback_url FROM timers');
    const failed = await runCommand(database.url, 'migrate');
    expect(failed).toMatchObject({ exitCode: 8 });
    expect(failed.stderr).toMatch(/^error \(dependent-objects\): /);
    expect(failed.stderr).toMatch(/view urls \(callback_url\)/);
    expect(failed.stderr).toMatch(/Drop these objects, run again/);
    await admin.query('DROP VIEW urls');
  });
});
