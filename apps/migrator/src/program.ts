import type { Environment } from '@timer-platform/database';
import { Command } from 'commander';
import { parseCount, parseSeconds, parseVersion } from './arguments.ts';
import { adopt, type AdoptCommand } from './commands/adopt.ts';
import { down, type DownCommand } from './commands/down.ts';
import { type DumpSchemaCommand, dumpSchemaFile } from './commands/dump-schema.ts';
import { encryptHeaders, type EncryptHeadersCommand } from './commands/encrypt-headers.ts';
import { migrate, type MigrateCommand } from './commands/migrate.ts';
import { createMigration, type NewCommand } from './commands/new.ts';
import { online, type OnlineAction, type OnlineCommand } from './commands/online.ts';
import { plan, type PlanCommand } from './commands/plan.ts';
import { status, type StatusCommand } from './commands/status.ts';
import { type VerifyCommand, verifyDatabase } from './commands/verify.ts';
import { readConfig, readHeaderKeys } from './config.ts';
import type { Output } from './output.ts';
import { withDatabase } from './with-database.ts';

/** `status --check` found something pending; it is told already. */
export class PendingError extends Error {
  override readonly name = 'PendingError';
}

const MIGRATIONS_OPTION = ['--migrations <directory>', 'directory of the numbered .sql files'] as const;
const LOCK_TIMEOUT_OPTION = [
  '--lock-timeout-ms <ms>',
  'how long one try may wait for a lock, while others queue up behind it',
  parseCount,
] as const;
const LOCK_PATIENCE_OPTION = ['--lock-patience <seconds>', 'how long to go on trying', parseSeconds] as const;
const JSON_OPTION = ['--json', 'print one JSON document'] as const;

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
      .option(...MIGRATIONS_OPTION)
      .option(...LOCK_TIMEOUT_OPTION)
      .option(...LOCK_PATIENCE_OPTION)
      .option(...JSON_OPTION)
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

/** The commands with their options. What they throw is for the caller. */
export function buildProgram(env: Environment, output: Output, listenForStop: () => AbortSignal): Command {
  const onDatabase = (work: (databaseUrl: string) => Promise<void>): Promise<void> =>
    withDatabase(readConfig(env), output, work);
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
    .option('--before-contract', 'apply what follows an online migration that waits for its contract')
    .option(...LOCK_TIMEOUT_OPTION)
    .option(...LOCK_PATIENCE_OPTION)
    .option(...MIGRATIONS_OPTION)
    .option(...JSON_OPTION)
    .action((options: MigrateCommand) => onDatabase((databaseUrl) => migrate(databaseUrl, options, output)));
  program
    .command('adopt')
    .description('take over a database of the old service: record what its schema proves to be applied')
    .option('--finish', 'move to the one ledger shared with sqlx, when the old service is retired')
    .option('--old-service-stopped', 'with --finish: confirm that the old service will not start again')
    .option(...MIGRATIONS_OPTION)
    .option(...JSON_OPTION)
    .action((options: AdoptCommand) => onDatabase((databaseUrl) => adopt(databaseUrl, options, output)));
  program
    .command('status')
    .description('what is applied and what is pending')
    .option('--check', 'exit with 3 when something is pending, and with the code of a problem')
    .option(...MIGRATIONS_OPTION)
    .option(...JSON_OPTION)
    .action((options: StatusCommand) =>
      onDatabase(async (databaseUrl) => {
        const complete = await status(databaseUrl, options, output);
        if (options.check === true && !complete) throw new PendingError();
      }),
    );
  program
    .command('plan')
    .description(
      'each pending file: its SQL, the locks it takes, the rows it touches, the hazards; changes nothing',
    )
    .option(...MIGRATIONS_OPTION)
    .option(...JSON_OPTION)
    .action((options: PlanCommand) => onDatabase((databaseUrl) => plan(databaseUrl, options, output)));
  program
    .command('verify')
    .description('check files, ledger and live schema against each other')
    .option(...MIGRATIONS_OPTION)
    .option(...JSON_OPTION)
    .action((options: VerifyCommand) =>
      onDatabase((databaseUrl) => verifyDatabase(databaseUrl, options, output)),
    );
  program
    .command('down')
    .description('undo the newest migrations')
    .requiredOption('--to <version>', 'the version that stays the newest', parseVersion)
    .option('--accept-loss', 'go on although something cannot come back; without it that is told')
    .option(
      '--blocking-row-limit <rows>',
      'timers above which a file that blocks the table is refused',
      parseCount,
      50_000,
    )
    .option('--allow-blocking', 'run such a file whatever the size of the table')
    .option(...LOCK_TIMEOUT_OPTION)
    .option(...LOCK_PATIENCE_OPTION)
    .option(...MIGRATIONS_OPTION)
    .option(...JSON_OPTION)
    .action((options: DownCommand) => onDatabase((databaseUrl) => down(databaseUrl, options, output)));
  program
    .command('new <name>')
    .description('make the next migration file')
    .option(...MIGRATIONS_OPTION)
    .action((name: string, options: NewCommand) => createMigration(name, options, output));
  program
    .command('dump-schema')
    .description('write the schema of a migrated database to schema.sql')
    .option('--check', 'write nothing, fail when the file is stale')
    .option('--stdout', 'print it instead')
    .option(...MIGRATIONS_OPTION)
    .action((options: DumpSchemaCommand) =>
      onDatabase((databaseUrl) => dumpSchemaFile(databaseUrl, options, output)),
    );
  program
    .command('encrypt-headers')
    .description(
      'encrypt the callback headers of every timer under the first key of HEADER_ENCRYPTION_KEYS, also those under an older one; the service may run. Stopped half way, run it again',
    )
    .option('--decrypt', 'store them as they were given again')
    .option('--batch-rows <rows>', 'rows of the first batch', parseCount)
    .option(...LOCK_TIMEOUT_OPTION)
    .option(...LOCK_PATIENCE_OPTION)
    .option(...JSON_OPTION)
    .action((options: EncryptHeadersCommand) => {
      const keys = readHeaderKeys(env);
      return onDatabase((databaseUrl) => encryptHeaders(databaseUrl, keys, options, output, listenForStop()));
    });
  addOnline(program, onDatabase, output, listenForStop);
  return program;
}
