import { formatDuration, type Output } from '@timer-platform/command-line';
import {
  describeSession,
  migrateToLatest,
  type MigrationProgress,
  type MigrationReport,
} from '@timer-platform/migrations';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import {
  addBlockingOptions,
  addJsonOption,
  addLockOptions,
  addMigrationsOption,
  type BlockingOptions,
  blockingRowLimitOf,
  type JsonOption,
  type LockOptions,
  lockPolicyOf,
  type MigrationsOption,
  parseSeconds,
  parseVersion,
} from '../command-options.ts';
import { describeAdoption } from './adopt.ts';

interface MigrateCommandOptions extends BlockingOptions, LockOptions, MigrationsOption, JsonOption {
  readonly to?: bigint | undefined;
  /** Seconds. */
  readonly lockWait?: number | undefined;
  readonly beforeContract?: boolean | undefined;
}

function printProgress(output: Output, json: boolean): (progress: MigrationProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'waiting': {
        const holder = progress.holder === undefined ? '' : ` (${describeSession(progress.holder)})`;
        output.note(`waiting for another migrator${holder}`);
        break;
      }
      case 'adopted':
        output.note(describeAdoption(progress.adoption));
        break;
      case 'started':
        break;
      case 'blocked': {
        const who =
          progress.failed.blockers.map(describeSession).join('; ') || 'a session that has ended since';
        output.note(
          `${progress.file.fileName}: try ${progress.failed.number} got no lock, blocked by: ${who}`,
        );
        break;
      }
      case 'leftover-index-dropped':
        output.note(`${progress.file.fileName}: dropped the index ${progress.index} of an interrupted run`);
        break;
      case 'applied':
        if (!json) output.line(`${progress.file.fileName}  ${formatDuration(progress.milliseconds)}`);
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
    lockWaitMs: command.lockWait === undefined ? undefined : command.lockWait * 1000,
    blockingRowLimit: blockingRowLimitOf(command),
    lockPolicy: lockPolicyOf(command),
    beforeContract: command.beforeContract,
    onProgress: printProgress(output, json),
  });
  if (json) output.json(toJsonReport(report));
  else if (report.applied.length === 0)
    output.line(`nothing to do, the schema is at version ${report.version ?? 'none'}`);
  else output.line(`done, the schema is at version ${report.version ?? 'none'}`);
}

export function addMigrate(program: Command, { output, onDatabase }: CommandContext): void {
  const command = program
    .command('migrate')
    .description('apply the pending migrations in order, each in its own transaction')
    .option('--to <version>', 'the last version to apply', parseVersion)
    .option(
      '--lock-wait <seconds>',
      'how long to wait for another migrator; 0: do not wait (default: no limit)',
      parseSeconds,
    )
    .option('--before-contract', 'apply the files after an online migration before its contract')
    .action((options: MigrateCommandOptions) =>
      onDatabase((databaseUrl) => migrate(databaseUrl, options, output)),
    );
  addBlockingOptions(command);
  addLockOptions(command);
  addMigrationsOption(command);
  addJsonOption(command);
}
