import type { Output } from '@timer-platform/command-line';
import { adoptDatabase, type Adoption, repairLineEndings, switchLedger } from '@timer-platform/migrations';
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
  readonly repairLineEndings?: boolean | undefined;
}

/** Milliseconds to wait for another migrator. */
const LOCK_WAIT_MS = 5_000;

/** Describes an object of the operator. */
export function describeExtraObject(description: string): string {
  return `not created by any migration, left as it is: ${description}`;
}

/** Describes what was recorded and why, and the objects that no migration created. */
export function describeAdoption({
  recorded,
  ledgerTable,
  keepsLegacyLedger,
  extraObjects,
}: Adoption): string {
  const files = recorded.map((file) => file.fileName).join(', ');
  const where = keepsLegacyLedger
    ? `${ledgerTable}; _sqlx_migrations of the first service is unchanged, so that it can still start`
    : ledgerTable;
  return [
    `adopted: the table timers has the schema of ${files}; recorded in ${where}`,
    ...extraObjects.map(describeExtraObject),
  ].join('\n');
}

async function adopt(databaseUrl: string, command: AdoptCommandOptions, output: Output): Promise<void> {
  const options = { databaseUrl, directory: command.migrations, lockWaitMs: LOCK_WAIT_MS };
  if (command.repairLineEndings === true) {
    const repaired = (await repairLineEndings(options)).map((file) => file.fileName);
    if (command.json === true) output.json({ repaired });
    else
      output.line(
        repaired.length === 0
          ? 'nothing to repair: no file was applied with Windows line endings'
          : `done, recorded the checksums of ${repaired.join(', ')}`,
      );
    return;
  }
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
      remarks: adoption?.extraObjects ?? [],
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
    .option(
      '--repair-line-endings',
      'instead: record the checksums of files that were applied with Windows line endings',
    )
    .action((options: AdoptCommandOptions) =>
      onDatabase((databaseUrl) => adopt(databaseUrl, options, output)),
    );
  addMigrationsOption(command);
  addJsonOption(command);
}
