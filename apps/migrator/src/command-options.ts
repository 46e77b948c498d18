import { parseNonNegativeInteger } from '@timer-platform/command-line';
import { DEFAULT_BLOCKING_ROW_LIMIT, DEFAULT_LOCK_POLICY, type LockPolicy } from '@timer-platform/migrations';
import { type Command, InvalidArgumentError } from 'commander';

/** Parses a migration number: 2 or 002. */
export function parseVersion(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('Use a migration number, for example 2.');
  return BigInt(text);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > 86_400) {
    throw new InvalidArgumentError('Use seconds from 0 to 86400, for example 30.');
  }
  return seconds;
}

export interface MigrationsOption {
  readonly migrations?: string | undefined;
}

export function addMigrationsOption(command: Command): Command {
  return command.option('--migrations <directory>', 'directory of the numbered .sql files');
}

export interface JsonOption {
  readonly json?: boolean | undefined;
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print one JSON document');
}

export interface LockOptions {
  /** Milliseconds. */
  readonly lockTimeoutMs?: number | undefined;
  /** Seconds. */
  readonly lockPatience?: number | undefined;
}

export function addLockOptions(command: Command): Command {
  return command
    .option(
      '--lock-timeout-ms <ms>',
      `how long one try waits for a lock; other sessions queue behind it (default: ${DEFAULT_LOCK_POLICY.lockTimeoutMs})`,
      parseNonNegativeInteger,
    )
    .option(
      '--lock-patience <seconds>',
      `how long to retry to get a lock (default: ${DEFAULT_LOCK_POLICY.patienceMs / 1000})`,
      parseSeconds,
    );
}

export function lockPolicyOf(options: LockOptions): LockPolicy {
  return {
    ...DEFAULT_LOCK_POLICY,
    lockTimeoutMs: options.lockTimeoutMs ?? DEFAULT_LOCK_POLICY.lockTimeoutMs,
    patienceMs:
      options.lockPatience === undefined ? DEFAULT_LOCK_POLICY.patienceMs : options.lockPatience * 1000,
  };
}

export interface LockWaitOption {
  /** Seconds. */
  readonly lockWait?: number | undefined;
}

export function addLockWaitOption(command: Command): Command {
  return command.option(
    '--lock-wait <seconds>',
    'how long to wait for another migrator; 0: do not wait (default: no limit)',
    parseSeconds,
  );
}

/** Undefined: no limit. */
export function lockWaitMsOf({ lockWait }: LockWaitOption): number | undefined {
  return lockWait === undefined ? undefined : lockWait * 1000;
}

export interface BlockingOptions {
  readonly allowBlocking?: boolean | undefined;
  readonly blockingRowLimit?: number | undefined;
}

export function addBlockingOptions(command: Command): Command {
  return command
    .option(
      '--blocking-row-limit <rows>',
      'number of timers above which a file that blocks the table is rejected',
      parseNonNegativeInteger,
      DEFAULT_BLOCKING_ROW_LIMIT,
    )
    .option('--allow-blocking', 'run files that block the table, whatever its size');
}

/** Infinity when blocking is allowed. */
export function blockingRowLimitOf(options: BlockingOptions): number | undefined {
  return options.allowBlocking === true ? Infinity : options.blockingRowLimit;
}
