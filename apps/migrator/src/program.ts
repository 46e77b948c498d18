import { asMigrationError } from '@timer-platform/migrations';
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { addAdopt } from './commands/adopt.ts';
import { addDown } from './commands/down.ts';
import { addDumpSchema } from './commands/dump-schema.ts';
import { addEncryptHeaders } from './commands/encrypt-headers.ts';
import { addMigrate } from './commands/migrate.ts';
import { addNew } from './commands/new.ts';
import { addOnline } from './commands/online.ts';
import { addPlan } from './commands/plan.ts';
import { addReset } from './commands/reset.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';
import { readConfig } from './config.ts';
import { withMissingPrivileges } from './role-privileges.ts';
import { withDatabase } from './with-database.ts';

/** In the order of `--help`. Each command declares its own options. */
const COMMANDS: readonly ((program: Command, context: CommandContext) => void)[] = [
  addMigrate,
  addStatus,
  addPlan,
  addVerify,
  addDown,
  addNew,
  addDumpSchema,
  addReset,
  addAdopt,
  addOnline,
  addEncryptHeaders,
];

/** Builds the command line. Errors of the commands are left to the caller. */
export function buildProgram({
  env,
  output,
  listenForStop,
}: Pick<CommandContext, 'env' | 'output' | 'listenForStop'>): Command {
  const program = new Command('timer-migrator')
    .description(
      'Migrates a timer database to the newest schema. Uses DATABASE_URL, or PG_HOST, PG_PORT, PG_USER, PG_PASSWORD and PG_DB_NAME, or the embedded PostgreSQL when none of them is set.',
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
  const context: CommandContext = {
    env,
    output,
    listenForStop,
    onDatabase: (work) =>
      withDatabase(readConfig(env), output, async (databaseUrl) => {
        try {
          await work(databaseUrl);
        } catch (error) {
          const failure = asMigrationError(error);
          throw failure === undefined ? error : await withMissingPrivileges(databaseUrl, failure);
        }
      }),
  };
  for (const addCommand of COMMANDS) addCommand(program, context);
  return program;
}
