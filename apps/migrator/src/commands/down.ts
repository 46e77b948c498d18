import { formatDuration, type Output } from '@timer-platform/command-line';
import { type DownProgress, migrateDown } from '@timer-platform/migrations';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import {
  addBlockingOptions,
  addJsonOption,
  addLockOptions,
  addLockWaitOption,
  addMigrationsOption,
  type BlockingOptions,
  blockingRowLimitOf,
  type JsonOption,
  type LockOptions,
  lockPolicyOf,
  lockWaitMsOf,
  type LockWaitOption,
  type MigrationsOption,
  parseVersion,
} from '../command-options.ts';
import { describeProgress } from './describe-progress.ts';

interface DownCommandOptions
  extends BlockingOptions, LockOptions, LockWaitOption, MigrationsOption, JsonOption {
  readonly to: bigint;
  readonly acceptLoss?: boolean | undefined;
}

function printProgress(output: Output, json: boolean): (progress: DownProgress) => void {
  return (progress) => {
    if (progress.kind !== 'undone') output.note(describeProgress(progress));
    else if (!json) output.line(`undone ${progress.file.fileName}  ${formatDuration(progress.milliseconds)}`);
  };
}

async function down(databaseUrl: string, command: DownCommandOptions, output: Output): Promise<void> {
  const json = command.json === true;
  const undone = await migrateDown({
    databaseUrl,
    directory: command.migrations,
    to: command.to,
    acceptLoss: command.acceptLoss === true,
    lockWaitMs: lockWaitMsOf(command),
    blockingRowLimit: blockingRowLimitOf(command),
    lockPolicy: lockPolicyOf(command),
    onProgress: printProgress(output, json),
  });
  if (json) output.json({ undone: undone.map((file) => file.fileName), version: command.to });
  else
    output.line(
      undone.length === 0
        ? `nothing to undo, the schema is at version ${command.to}`
        : `done, the schema is at version ${command.to}`,
    );
}

export function addDown(program: Command, { output, onDatabase }: CommandContext): void {
  const command = program
    .command('down')
    .description('undo the newest migrations')
    .requiredOption('--to <version>', 'the version to go back to', parseVersion)
    .option('--accept-loss', 'confirm the loss of data; without it the loss is listed and nothing is undone')
    .action((options: DownCommandOptions) => onDatabase((databaseUrl) => down(databaseUrl, options, output)));
  addBlockingOptions(command);
  addLockOptions(command);
  addLockWaitOption(command);
  addMigrationsOption(command);
  addJsonOption(command);
}
