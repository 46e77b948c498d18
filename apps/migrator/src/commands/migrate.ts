import {
  describeSession,
  migrateToLatest,
  type MigrationProgress,
  type MigrationReport,
} from '@timer-platform/migrations';
import { type LockOptions, lockPolicyOf } from '../lock-options.ts';
import { formatDuration, type Output } from '../output.ts';
import { describeAdoption } from './adopt.ts';

export interface MigrateCommand extends LockOptions {
  readonly migrations?: string | undefined;
  readonly to?: bigint | undefined;
  /** Seconds. */
  readonly lockWait?: number | undefined;
  readonly blockingRowLimit?: number | undefined;
  readonly allowBlocking?: boolean | undefined;
  readonly beforeContract?: boolean | undefined;
  readonly json?: boolean | undefined;
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
          progress.failed.blockers.map(describeSession).join('; ') || 'a session that is gone again';
        output.note(
          `${progress.file.fileName}: try ${progress.failed.number} got no lock, in the way: ${who}`,
        );
        break;
      }
      case 'leftover-index-dropped':
        output.note(
          `${progress.file.fileName}: dropped the index ${progress.index} of a run that was broken off`,
        );
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

/** Applies what is pending and tells it, a line per file. */
export async function migrate(databaseUrl: string, command: MigrateCommand, output: Output): Promise<void> {
  const json = command.json === true;
  const report = await migrateToLatest({
    databaseUrl,
    directory: command.migrations,
    to: command.to,
    lockWaitMs: command.lockWait === undefined ? undefined : command.lockWait * 1000,
    blockingRowLimit: command.allowBlocking === true ? Infinity : command.blockingRowLimit,
    lockPolicy: lockPolicyOf(command),
    beforeContract: command.beforeContract,
    onProgress: printProgress(output, json),
  });
  if (json) output.json(toJsonReport(report));
  else if (report.applied.length === 0)
    output.line(`nothing to do, the schema is at version ${report.version ?? 'none'}`);
  else output.line(`done, the schema is at version ${report.version ?? 'none'}`);
}
