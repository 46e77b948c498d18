import type { Output } from '@timer-platform/command-line';
import { adoptDatabase, type Adoption, switchLedger } from '@timer-platform/migrations';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import {
  addJsonOption,
  addMigrationsOption,
  type JsonOption,
  type MigrationsOption,
} from '../command-options.ts';

interface AdoptCommandOptions extends MigrationsOption, JsonOption {
  readonly finish?: boolean | undefined;
  readonly oldServiceStopped?: boolean | undefined;
}

/** Milliseconds to wait for another migrator. */
const LOCK_WAIT_MS = 5_000;

/** Describes what was recorded and why. */
export function describeAdoption({ recorded, ledgerTable, keepsLegacyLedger }: Adoption): string {
  const files = recorded.map((file) => file.fileName).join(', ');
  const where = keepsLegacyLedger
    ? `${ledgerTable}; _sqlx_migrations of the first service is unchanged, so that it can still start`
    : ledgerTable;
  return `adopted: the table timers has exactly the schema of ${files}; recorded in ${where}`;
}

async function adopt(databaseUrl: string, command: AdoptCommandOptions, output: Output): Promise<void> {
  const options = { databaseUrl, directory: command.migrations, lockWaitMs: LOCK_WAIT_MS };
  if (command.finish === true) {
    const moved = await switchLedger({ ...options, oldServiceStopped: command.oldServiceStopped === true });
    if (command.json === true) output.json({ moved });
    else
      output.line(
        moved
          ? 'done, the ledger is now _sqlx_migrations, shared with sqlx'
          : 'nothing to do, the ledger is _sqlx_migrations already',
      );
    return;
  }
  const adoption = await adoptDatabase(options);
  if (command.json === true) {
    output.json({
      recorded: adoption?.recorded.map((file) => file.fileName) ?? [],
      ledger: adoption?.ledgerTable ?? null,
    });
  } else {
    output.line(
      adoption === undefined
        ? 'nothing to adopt: the ledger has rows already, or there is no table timers'
        : describeAdoption(adoption),
    );
  }
}

export function addAdopt(program: Command, { output, onDatabase }: CommandContext): void {
  const command = program
    .command('adopt')
    .description('adopt a database of the first service: record the migrations that its schema proves')
    .option('--finish', 'move to the one ledger shared with sqlx, when the first service is retired')
    .option('--old-service-stopped', 'with --finish: confirm that the first service will not start again')
    .action((options: AdoptCommandOptions) =>
      onDatabase((databaseUrl) => adopt(databaseUrl, options, output)),
    );
  addMigrationsOption(command);
  addJsonOption(command);
}
