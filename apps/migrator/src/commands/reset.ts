import type { Output } from '@timer-platform/command-line';
import {
  asDatabaseError,
  describeSession,
  findMigrationsDirectory,
  MigrationError,
  type MigrationSession,
  openMigrationSession,
  queryRow,
  queryRows,
  readMigrationFiles,
  sessionSchema,
} from '@timer-platform/migrations';
import type { Command } from 'commander';
import { z } from 'zod';
import type { CommandContext } from '../command-context.ts';
import {
  addJsonOption,
  addMigrationsOption,
  type JsonOption,
  type MigrationsOption,
} from '../command-options.ts';
import { readEmbeddedDirectory } from '../config.ts';
import { withEmbeddedDatabase } from '../with-database.ts';
import { migrate } from './migrate.ts';

interface ResetCommandOptions extends MigrationsOption, JsonOption {
  readonly yes?: boolean | undefined;
}

/** Each process that uses the embedded server has one such session, also this one. */
const COUNT_PROCESSES = `
SELECT count(*) AS processes FROM pg_stat_activity WHERE application_name = 'timer-platform presence'`;

const FIND_SESSIONS = `
SELECT pid, usename AS role, application_name AS application, backend_type, state, query,
       extract(epoch FROM clock_timestamp() - backend_start)::float8 AS age_seconds
FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend' ORDER BY backend_start`;

const OBJECT_IN_USE = '55006';

function inUse(users: readonly string[], cause?: unknown): MigrationError {
  return new MigrationError(
    'busy',
    `the embedded database is in use: ${users.join('; ')}. Stop them, then run again; nothing was changed`,
    { cause },
  );
}

/** @throws MigrationError `busy` when another process uses the server or another session the database */
async function assertUnused({ client }: MigrationSession, database: string): Promise<void> {
  const { processes } = await queryRow(client, z.object({ processes: z.coerce.number() }), COUNT_PROCESSES);
  const sessions = await queryRows(client, sessionSchema, FIND_SESSIONS, [database]);
  const users = sessions.map(describeSession);
  const others = processes - 1;
  if (others > 0)
    users.unshift(`${others} other ${others === 1 ? 'process' : 'processes'}, such as the timer service`);
  if (users.length > 0) throw inUse(users);
}

/** Drops the database and creates it again, empty. @throws MigrationError `busy` */
async function recreateDatabase(databaseUrl: string): Promise<void> {
  const url = new URL(databaseUrl);
  const database = decodeURI(url.pathname.slice(1));
  url.pathname = '/postgres';
  const session = await openMigrationSession(url.href);
  const { client } = session;
  try {
    await assertUnused(session, database);
    const name = client.escapeIdentifier(database);
    await client.query(`DROP DATABASE ${name}`).catch((error: unknown) => {
      // A session has connected since the check.
      throw asDatabaseError(error)?.code === OBJECT_IN_USE ? inUse(['a new session'], error) : error;
    });
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await session.close();
  }
}

async function reset(directory: string, command: ResetCommandOptions, output: Output): Promise<void> {
  // Before the data is deleted, so that an invalid file is reported first.
  await readMigrationFiles(command.migrations ?? findMigrationsDirectory());
  if (command.yes !== true) {
    throw new MigrationError(
      'not-confirmed',
      `reset deletes all timers of the embedded database in ${directory}; confirm with --yes`,
    );
  }
  await withEmbeddedDatabase(directory, output, async (databaseUrl) => {
    await recreateDatabase(databaseUrl);
    await migrate(databaseUrl, { migrations: command.migrations, json: command.json }, output);
  });
}

export function addReset(program: Command, { env, output }: CommandContext): void {
  const command = program
    .command('reset')
    .description(
      'delete the embedded development database and migrate a new one, for example after an edit of a draft migration; works on no other database',
    )
    .option('--yes', 'confirm that all timers are deleted')
    .action((options: ResetCommandOptions) => reset(readEmbeddedDirectory(env), options, output));
  addMigrationsOption(command);
  addJsonOption(command);
}
