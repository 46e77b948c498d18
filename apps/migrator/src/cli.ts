import { DatabaseSettingsError } from '@timer-platform/database';
import { MigrationError } from '@timer-platform/database/migrations';
import { Command, CommanderError } from 'commander';

import { parseCount, parseSeconds, parseVersion } from './arguments.ts';
import { migrate } from './commands/migrate.ts';
import type { MigrateCommand } from './commands/migrate.ts';
import { readConfig } from './config.ts';
import { exitCode, exitCodeOfError } from './exit-codes.ts';
import type { Output } from './output.ts';
import { useDatabase } from './use-database.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

function buildProgram(env: Environment, output: Output): Command {
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
    .option('--migrations <directory>', 'directory of the numbered .sql files')
    .option('--json', 'print one JSON document')
    .action(async (options: MigrateCommand) => {
      await useDatabase(readConfig(env), output, (databaseUrl) => migrate(databaseUrl, options, output));
    });
  return program;
}

/**
 * Runs one command line.
 *
 * @returns the exit code; the reason of a failure is on standard error
 */
export async function runCli(argv: readonly string[], env: Environment, output: Output): Promise<number> {
  try {
    await buildProgram(env, output).parseAsync(argv, { from: 'user' });
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
