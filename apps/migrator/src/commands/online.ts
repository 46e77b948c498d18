import { type Output, parseNonNegativeInteger } from '@timer-platform/command-line';
import type { OnlineState } from '@timer-platform/migrations';
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from '../command-context.ts';
import {
  addJsonOption,
  addLockOptions,
  addMigrationsOption,
  type JsonOption,
  type LockOptions,
  lockPolicyOf,
  type MigrationsOption,
} from '../command-options.ts';
import {
  type BatchThrottle,
  DEFAULT_MAX_REPLICA_LAG_BYTES,
  DEFAULT_THROTTLE,
} from '../online/batch-throttle.ts';
import { formatBytes, parseByteSize } from '../online/byte-size.ts';
import {
  abortOnline,
  contractOnline,
  type OnlineOptions,
  pauseOnline,
  resumeOnline,
  startOnline,
  statusOnline,
  verifyOnline,
} from '../online/run-online.ts';
import { showProgress } from '../online/show-progress.ts';

interface OnlineCommandOptions extends LockOptions, MigrationsOption, JsonOption {
  readonly targetBatchMs?: number | undefined;
  readonly batchRows?: number | undefined;
  readonly pauseRatio?: number | undefined;
  readonly oldServiceStopped?: boolean | undefined;
  readonly knownApplication?: readonly string[] | undefined;
  readonly maxReplicaLag?: number | undefined;
  readonly ignoreFreeDisk?: boolean | undefined;
  readonly acceptLoss?: boolean | undefined;
}

const NEXT_STEPS = `Old and new clients can now work at the same time; docs/migrating.md describes how to switch without downtime.
When no process of the first service is left: \`npx nx run migrator:online -- contract --old-service-stopped\`.
Until then, \`abort\` restores version 1.`;

function throttleOf(command: OnlineCommandOptions): BatchThrottle {
  return {
    targetBatchMs: command.targetBatchMs ?? DEFAULT_THROTTLE.targetBatchMs,
    firstBatchRows: command.batchRows ?? DEFAULT_THROTTLE.firstBatchRows,
    pauseRatio: command.pauseRatio ?? DEFAULT_THROTTLE.pauseRatio,
  };
}

async function withProgress<T>(
  databaseUrl: string,
  command: OnlineCommandOptions,
  output: Output,
  signal: AbortSignal,
  work: (options: OnlineOptions) => Promise<T>,
): Promise<T> {
  const progress = showProgress(output);
  try {
    return await work({
      databaseUrl,
      directory: command.migrations,
      throttle: throttleOf(command),
      maxReplicaLagBytes: command.maxReplicaLag,
      lockPolicy: lockPolicyOf(command),
      signal,
      report: progress.report,
    });
  } finally {
    progress.stop();
  }
}

function describeState(state: OnlineState): string {
  const paused = state.paused ? ', paused' : '';
  return [
    `version ${state.version}: ${state.phase}${paused}`,
    `rows filled: ${state.rows_done} of about ${state.rows_total} in ${state.batches} batches`,
    `started ${state.started_at.toISOString()}, last step ${state.updated_at.toISOString()}`,
    state.verified_at === null ? 'not verified yet' : `verified ${state.verified_at.toISOString()}`,
  ].join('\n');
}

async function printStatus(
  databaseUrl: string,
  command: OnlineCommandOptions,
  output: Output,
): Promise<void> {
  const state = await statusOnline(databaseUrl);
  if (command.json === true) output.json(state ?? null);
  else output.line(state === undefined ? 'no online migration was ever started' : describeState(state));
}

type OnlineAction = 'start' | 'status' | 'pause' | 'resume' | 'verify' | 'contract' | 'abort';

async function online(
  action: OnlineAction,
  databaseUrl: string,
  command: OnlineCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const run = <T>(work: (options: OnlineOptions) => Promise<T>) =>
    withProgress(databaseUrl, command, output, signal, work);
  switch (action) {
    case 'status':
      return printStatus(databaseUrl, command, output);
    case 'pause':
      await pauseOnline(databaseUrl);
      if (command.json !== true) output.line('the migration stops after the current batch');
      break;
    case 'start':
    case 'resume':
      await run((options) =>
        action === 'start'
          ? startOnline({ ...options, ignoreFreeDisk: command.ignoreFreeDisk })
          : resumeOnline(options),
      );
      if (command.json !== true) output.line(NEXT_STEPS);
      break;
    case 'verify':
      await run(verifyOnline);
      break;
    case 'contract':
      await run((options) =>
        contractOnline({
          ...options,
          oldServiceStopped: command.oldServiceStopped === true,
          knownApplications: command.knownApplication,
        }),
      );
      if (command.json !== true)
        output.line('done, 002 is recorded; apply the pending files with `npx nx run migrator:migrate`');
      break;
    case 'abort':
      await run((options) => abortOnline({ ...options, acceptLoss: command.acceptLoss }));
      if (command.json !== true) output.line('aborted, the schema is at version 1');
      break;
  }
  if (command.json === true) await printStatus(databaseUrl, command, output);
}

function addThrottleOptions(command: Command): Command {
  command
    .option('--target-batch-ms <ms>', 'target duration of one batch of the backfill', parseNonNegativeInteger)
    .option('--batch-rows <rows>', 'rows of the first batch', parseNonNegativeInteger)
    .option(
      '--pause-ratio <ratio>',
      `pause after each batch, as a multiple of its duration (default: ${DEFAULT_THROTTLE.pauseRatio})`,
      parseNonNegativeInteger,
    )
    .option(
      '--max-replica-lag <size>',
      `batches wait while a streaming replica is further behind; off: they never wait (default: ${formatBytes(DEFAULT_MAX_REPLICA_LAG_BYTES)})`,
      parseLagLimit,
    );
  return command;
}

/** `off` is Infinity. */
function parseLagLimit(text: string): number {
  const bytes = text === 'off' ? Infinity : parseByteSize(text);
  if (bytes === undefined) throw new InvalidArgumentError('Use a size, for example 64MB, or off.');
  return bytes;
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** `online start|status|…`, one subcommand for each action. */
export function addOnline(program: Command, { output, listenForStop, onDatabase }: CommandContext): void {
  const group = program
    .command('online')
    .description('migrate a large live table to version 2 in steps, without blocking readers or writers');
  const add = (action: OnlineAction, description: string): Command => {
    const command = group
      .command(action)
      .description(description)
      .action((options: OnlineCommandOptions) =>
        onDatabase((databaseUrl) => online(action, databaseUrl, options, output, listenForStop())),
      );
    return addJsonOption(command);
  };
  const addStep = (action: OnlineAction, description: string): Command =>
    addLockOptions(addMigrationsOption(add(action, description)));
  addThrottleOptions(addStep('start', 'start, or continue after a crash, up to the verification')).option(
    '--ignore-free-disk',
    'start although the disk is known to be too small',
  );
  add('status', 'show the progress');
  add('pause', 'stop after the current batch');
  addThrottleOptions(addStep('resume', 'continue after a pause or a crash'));
  addStep('verify', 'compare old and new shape of every row again');
  addStep('contract', 'drop the old columns; the only irreversible step')
    .option('--old-service-stopped', 'confirm that no process of the first service is left')
    .option(
      '--known-application <name>',
      'application_name of a client that does not use the old columns (repeatable)',
      collect,
      [],
    );
  addStep('abort', 'restore version 1').option(
    '--accept-loss',
    'confirm the loss of settings that version 1 has no column for, such as timeout_ms',
  );
}
