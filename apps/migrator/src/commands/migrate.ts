import { formatDuration, type Output } from '@timer-platform/command-line';
import { migrateToLatest, type MigrationProgress, type MigrationReport } from '@timer-platform/migrations';
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
import { describeAdoption } from './adopt.ts';
import { describeProgress } from './describe-progress.ts';

interface MigrateCommandOptions
  extends BlockingOptions, LockOptions, LockWaitOption, MigrationsOption, JsonOption {
  readonly to?: bigint | undefined;
  readonly beforeContract?: boolean | undefined;
}

function printProgress(output: Output, json: boolean): (progress: MigrationProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'adopted':
        output.note(describeAdoption(progress.adoption));
        break;
      case 'started':
        break;
      case 'applied':
        if (!json) output.line(`${progress.file.fileName}  ${formatDuration(progress.milliseconds)}`);
        break;
      case 'waiting':
      case 'blocked':
      case 'leftover-index-dropped':
        output.note(describeProgress(progress));
        break;
    }
  };
}

function toJsonReport(report: MigrationReport): unknown {
  return {
    applied: report.applied.map(({ file, milliseconds }) => ({
      version: file.version,
      file: file.fileName,
      milliseconds: Math.round(milliseconds),
    })),
    waiting: report.waiting.map((file) => file.fileName),
    version: report.version ?? null,
  };
}

/** Applies the pending files and prints them. */
export async function migrate(
  databaseUrl: string,
  command: MigrateCommandOptions,
  output: Output,
): Promise<void> {
  const json = command.json === true;
  const report = await migrateToLatest({
    databaseUrl,
    directory: command.migrations,
    to: command.to,
    lockWaitMs: lockWaitMsOf(command),
    blockingRowLimit: blockingRowLimitOf(command),
    lockPolicy: lockPolicyOf(command),
    beforeContract: command.beforeContract,
    onProgress: printProgress(output, json),
  });
  if (json) {
    output.json(toJsonReport(report));
    return;
  }
  if (report.waiting.length > 0) {
    const names = report.waiting.map((file) => file.fileName).join(', ');
    output.line(`waiting for the contract of the online migration: ${names}`);
  }
  const done = report.applied.length === 0 ? 'nothing to do' : 'done';
  output.line(`${done}, the schema is at version ${report.version ?? 'none'}`);
}

export function addMigrate(program: Command, { output, onDatabase }: CommandContext): void {
  const command = program
    .command('migrate')
    .description('apply the pending migrations in order, each in its own transaction')
    .option('--to <version>', 'the last version to apply', parseVersion)
    .option(
      '--before-contract',
      'apply the files after an online migration before its contract, except those that drop what the first service uses',
    )
    .action((options: MigrateCommandOptions) =>
      onDatabase((databaseUrl) => migrate(databaseUrl, options, output)),
    );
  addBlockingOptions(command);
  addLockOptions(command);
  addLockWaitOption(command);
  addMigrationsOption(command);
  addJsonOption(command);
}
