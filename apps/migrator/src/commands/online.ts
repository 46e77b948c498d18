import type { OnlineState } from '@timer-platform/migrations';
import { type LockOptions, lockPolicyOf } from '../lock-options.ts';
import { type BatchThrottle, DEFAULT_THROTTLE } from '../online/batch-throttle.ts';
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
import type { Output } from '../output.ts';

export interface OnlineCommand extends LockOptions {
  readonly migrations?: string | undefined;
  readonly json?: boolean | undefined;
  readonly targetBatchMs?: number | undefined;
  readonly batchRows?: number | undefined;
  readonly oldServiceStopped?: boolean | undefined;
  readonly knownApplication?: readonly string[] | undefined;
}

const NEXT_STEPS = `Old and new clients work side by side now; docs/migrating.md tells how to change over without a stop. When no process of
the old service is left: \`nx run migrator:online -- contract --old-service-stopped\`. Until then \`abort\` goes back without loss.`;

function throttleOf(command: OnlineCommand): BatchThrottle {
  return {
    ...DEFAULT_THROTTLE,
    targetBatchMs: command.targetBatchMs ?? DEFAULT_THROTTLE.targetBatchMs,
    firstBatchRows: command.batchRows ?? DEFAULT_THROTTLE.firstBatchRows,
  };
}

async function withProgress<T>(
  databaseUrl: string,
  command: OnlineCommand,
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
    `began ${state.started_at.toISOString()}, last step ${state.updated_at.toISOString()}`,
    state.verified_at === null ? 'not verified yet' : `verified ${state.verified_at.toISOString()}`,
  ].join('\n');
}

async function printStatus(databaseUrl: string, command: OnlineCommand, output: Output): Promise<void> {
  const state = await statusOnline(databaseUrl);
  if (command.json === true) output.json(state ?? null);
  else output.line(state === undefined ? 'no online migration was ever begun' : describeState(state));
}

export type OnlineAction = 'start' | 'status' | 'pause' | 'resume' | 'verify' | 'contract' | 'abort';

/** One step of the online migration, told on standard error as it goes. */
export async function online(
  action: OnlineAction,
  databaseUrl: string,
  command: OnlineCommand,
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
      if (command.json !== true) output.line('it stops after the batch under way');
      break;
    case 'start':
    case 'resume':
      await run(action === 'start' ? startOnline : resumeOnline);
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
        output.line('done, 002 is recorded; `nx run migrator:migrate` applies what is pending');
      break;
    case 'abort':
      await run(abortOnline);
      if (command.json !== true) output.line('aborted, the schema is that of version 1 again');
      break;
  }
  if (command.json === true) await printStatus(databaseUrl, command, output);
}
