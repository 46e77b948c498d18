import { DatabaseSettingsError } from '@timer-platform/database';
import { MigrationError } from '@timer-platform/database/migrations';
import { Command, CommanderError } from 'commander';

import { parseCount, parseSeconds, parseVersion } from './arguments.ts';
import { adopt } from './commands/adopt.ts';
import type { AdoptCommand } from './commands/adopt.ts';
import { dumpSchemaFile } from './commands/dump-schema.ts';
import type { DumpSchemaCommand } from './commands/dump-schema.ts';
import { migrate } from './commands/migrate.ts';
import type { MigrateCommand } from './commands/migrate.ts';
import { online } from './commands/online.ts';
import type { OnlineAction, OnlineCommand } from './commands/online.ts';
import { readConfig } from './config.ts';
import { exitCode, exitCodeOfError } from './exit-codes.ts';
import type { Output } from './output.ts';
import { useDatabase } from './use-database.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const migrationsOption = ['--migrations <directory>', 'directory of the numbered .sql files'] as const;
const jsonOption = ['--json', 'print one JSON document'] as const;

/** `online start|status|…`, one sub-command for each action. */
function addOnline(
  program: Command,
  run: (work: (databaseUrl: string) => Promise<void>) => Promise<void>,
  output: Output,
  listenForStop: () => AbortSignal,
): void {
  const group = program
    .command('online')
    .description('bring a large live table to version 2 in steps, while readers and writers go on');
  const add = (action: OnlineAction, description: string): Command =>
    group
      .command(action)
      .description(description)
      .option(...migrationsOption)
      .option(...jsonOption)
      .action((options: OnlineCommand) =>
        run((databaseUrl) => online(action, databaseUrl, options, output, listenForStop())),
      );
  const paced = (command: Command): Command =>
    command
      .option('--target-batch-ms <ms>', 'what one batch of the back-fill should take', parseCount)
      .option('--batch-rows <rows>', 'rows of the first batch', parseCount);

  paced(add('start', 'begin, or go on after a crash, up to the proof that nothing was lost'));
  add('status', 'how far it is');
  add('pause', 'stop after the batch under way');
  paced(add('resume', 'go on after a pause or a crash'));
  add('verify', 'compare old and new shape of every row again');
  add('contract', 'drop the old columns; the only step without a way back')
    .option('--old-service-stopped', 'confirm that no process of the old service is left')
    .option(
      '--known-application <name>',
      'application_name of a client that does not use the old columns (repeatable)',
      collect,
      [],
    );
  add('abort', 'go back to version 1 without loss');
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function buildProgram(env: Environment, output: Output, listenForStop: () => AbortSignal): Command {
  const onDatabase = (work: (databaseUrl: string) => Promise<void>): Promise<void> =>
    useDatabase(readConfig(env), output, work);
  const program = new Command('migrator')
    .description(
      'Brings a timer database to the newest schema. Uses DATABASE_URL, or PG_HOST, PG_PORT, PG_USER, PG_PASSWORD and PG_DB_NAME, or the embedded PostgreSQL when none is set.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output.line(text.trimEnd());
      },
      writeErr: (text) => {
        output.note(text.trimEnd());
      },
    });

  program
    .command('migrate')
    .description('apply the pending migrations in order, each in a transaction of its own')
    .option('--to <version>', 'stop after this version', parseVersion)
    .option(
      '--lock-wait <seconds>',
      'wait this long for another migrator; 0: do not wait (by default as long as it takes)',
      parseSeconds,
    )
    .option(
      '--blocking-row-limit <rows>',
      'timers above which a file that blocks the table is refused',
      parseCount,
      50_000,
    )
    .option('--allow-blocking', 'run such a file whatever the size of the table')
    .option(...migrationsOption)
    .option(...jsonOption)
    .action((options: MigrateCommand) => onDatabase((databaseUrl) => migrate(databaseUrl, options, output)));
  program
    .command('adopt')
    .description('take over a database of the old service: record what its schema proves to be applied')
    .option('--finish', 'move to the one ledger shared with sqlx, when the old service is retired')
    .option('--old-service-stopped', 'with --finish: confirm that the old service will not start again')
    .option(...migrationsOption)
    .option(...jsonOption)
    .action((options: AdoptCommand) => onDatabase((databaseUrl) => adopt(databaseUrl, options, output)));
  program
    .command('dump-schema')
    .description('write the schema of a migrated database to schema.sql')
    .option('--check', 'write nothing, fail when the file is stale')
    .option('--stdout', 'print it instead')
    .option(...migrationsOption)
    .action((options: DumpSchemaCommand) =>
      onDatabase((databaseUrl) => dumpSchemaFile(databaseUrl, options, output)),
    );
  addOnline(program, onDatabase, output, listenForStop);
  return program;
}

/**
 * Runs one command line.
 *
 * @returns the exit code; the reason of a failure is on standard error
 */
export async function runCli(
  argv: readonly string[],
  env: Environment,
  output: Output,
  listenForStop: () => AbortSignal,
): Promise<number> {
  try {
    await buildProgram(env, output, listenForStop).parseAsync(argv, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    if (error instanceof DatabaseSettingsError) {
      output.note(error.message);
      return exitCode.usage;
    }
    if (error instanceof MigrationError) {
      output.note(`error (${error.code}): ${error.message}`);
      return exitCodeOfError[error.code];
    }
    throw error;
  }
}
