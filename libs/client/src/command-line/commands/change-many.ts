import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { BulkRequests, BulkSummary } from '../../client/bulk-requests.ts';
import { TimerError } from '../../client/errors.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { fieldTable } from '../show-timer.ts';
import { UsageError } from '../usage-error.ts';
import { addFilterOptions, type FilterFlags, filterOf } from './filters.ts';

export type BulkChange = keyof BulkRequests;

/** Options of a change of many timers. */
export interface ManyFlags extends FilterFlags {
  readonly failedFrom?: string;
  readonly failedBefore?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly actionId?: string;
}

/** Where `reschedule` moves timers. */
export interface Target {
  readonly execute_at?: string | undefined;
  readonly delay?: string | undefined;
  readonly shift?: string | undefined;
  readonly spread?: string | undefined;
}

export function addManyOptions(command: Command, which: string): Command {
  return addFilterOptions(command)
    .option('--all', `all ${which} timers`)
    .option('--dry-run', 'only count them')
    .option('--yes', 'do not ask')
    .option('--action-id <uuid>', 'a new UUID for the audit log: repeat the command with it after an error');
}

/** Whether an option selects timers, instead of ids. */
export function selectsMany(flags: ManyFlags): boolean {
  const { failedFrom, failedBefore, all, dryRun, yes, actionId } = flags;
  const others = [failedFrom, failedBefore, all, dryRun, yes, actionId];
  return [...others, ...Object.values(filterOf(flags))].some((value) => value !== undefined);
}

/** The most that one request changes: fewer requests. */
const LIMIT = 10_000;

type Request = BulkRequests[BulkChange];

/** @throws {UsageError} if neither filters nor --all say which timers, or both do */
function requestOf(change: BulkChange, flags: ManyFlags, ids: readonly string[], target: Target): Request {
  const { failedFrom, failedBefore, all } = flags;
  const filter = {
    ...filterOf(flags),
    ...(change === 'retry' && { failed_from: failedFrom, failed_before: failedBefore }),
    ...(ids.length > 0 && { ids: [...ids] }),
  };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (isFiltered === (all === true))
    throw new UsageError('say which timers: either filters, such as --destination, or --all');
  // A retry without a filter is of all failed timers.
  return { ...filter, ...target, limit: LIMIT, ...(all === true && change !== 'retry' && { all }) };
}

function show(context: CommandContext, summary: BulkSummary): void {
  const output = context.output();
  output.result(summary, () => fieldTable(output, summary));
}

/** Whether to go on: what is to be changed is counted and shown before the question. */
async function isConfirmed(context: CommandContext, change: BulkChange, request: Request): Promise<boolean> {
  const { matched, more } = await context.client().bulk.untilDone(change, { ...request, dry_run: true });
  const timers = matched === 1 ? 'timer' : 'timers';
  return context.confirm(`${change} ${more ? 'at least ' : ''}${matched} ${timers}?`);
}

/** Counts, or changes after a question, all timers that the options select. */
export async function changeMany(
  context: CommandContext,
  change: BulkChange,
  flags: ManyFlags,
  { ids = [], ...target }: Target & { readonly ids?: readonly string[] } = {},
): Promise<void> {
  const { actionId = randomUUID(), dryRun, yes } = flags;
  const request = requestOf(change, flags, ids, target);
  const { bulk } = context.client();
  if (dryRun === true) {
    show(context, await bulk.untilDone(change, { ...request, dry_run: true }));
    return;
  }
  if (yes !== true && !(await isConfirmed(context, change, request))) {
    context.output().note('Nothing was changed.');
    context.exitWith(EXIT_CODE.failed);
    return;
  }
  let changed = 0;
  try {
    const onProgress = (progress: { readonly changed: number }): void => {
      changed = progress.changed;
    };
    const summary = await bulk.untilDone(change, { ...request, action_id: actionId }, { onProgress });
    show(context, summary);
  } catch (error) {
    if (error instanceof TimerError && (changed > 0 || error.mayHaveSucceeded))
      context
        .output()
        .note(
          `timer: ${changed} timers were changed; go on with the same options and --action-id ${actionId}`,
        );
    throw error;
  }
}
