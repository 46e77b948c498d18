import type { BulkResult } from '@timer-platform/callback-types';

/** What the requests of a bulk change have done so far. */
export interface BulkTotals {
  readonly changed: number;
  readonly skipped: number;
  readonly requests: number;
  /** Where the next request goes on; null before the first. */
  readonly cursor: string | null;
  /** The entry of the audit log; null while nothing was changed. */
  readonly actionId: string | null;
}

/** A count by dry run. */
export interface BulkCount {
  readonly matched: number;
  /** Whether there may be more than was counted. */
  readonly more: boolean;
}

/**
 * A bulk change, from its count to its end. One function for each transition; from another state it changes nothing.
 *
 * - `counting`: a dry run counts. Ends by {@link counted} or {@link countFailed}.
 * - `counted`: waits for the person. {@link started} begins.
 * - `count_failed`: {@link recounted} counts again.
 * - `running`: requests follow one another. Ends by {@link answered}, {@link broken}; {@link stopAsked} ends it after the
 *   request under way.
 * - `stopped`, `interrupted`: by the person, or by an error. {@link continued} goes on.
 * - `finished`: nothing is left that matches.
 */
export type BulkProgress =
  | { readonly step: 'counting' }
  | { readonly step: 'count_failed'; readonly error: Error }
  | { readonly step: 'counted'; readonly count: BulkCount }
  | {
      readonly step: 'running';
      readonly count: BulkCount;
      readonly totals: BulkTotals;
      readonly stopping: boolean;
    }
  | { readonly step: 'stopped'; readonly count: BulkCount; readonly totals: BulkTotals }
  | {
      readonly step: 'interrupted';
      readonly count: BulkCount;
      readonly totals: BulkTotals;
      readonly error: Error;
    }
  | { readonly step: 'finished'; readonly count: BulkCount; readonly totals: BulkTotals };

export const COUNTING: BulkProgress = { step: 'counting' };
const NOTHING: BulkTotals = { changed: 0, skipped: 0, requests: 0, cursor: null, actionId: null };

export function counted(progress: BulkProgress, { matched, more }: BulkCount): BulkProgress {
  return progress.step === 'counting' ? { step: 'counted', count: { matched, more } } : progress;
}

export function countFailed(progress: BulkProgress, error: Error): BulkProgress {
  return progress.step === 'counting' ? { step: 'count_failed', error } : progress;
}

export function recounted(progress: BulkProgress): BulkProgress {
  return progress.step === 'count_failed' || progress.step === 'counted' ? COUNTING : progress;
}

/** Nothing starts that was counted as nothing. */
export function started(progress: BulkProgress): BulkProgress {
  if (progress.step !== 'counted' || (progress.count.matched === 0 && !progress.count.more)) return progress;
  return { step: 'running', count: progress.count, totals: NOTHING, stopping: false };
}

export function stopAsked(progress: BulkProgress): BulkProgress {
  return progress.step === 'running' ? { ...progress, stopping: true } : progress;
}

type Answer = Pick<BulkResult, 'changed' | 'skipped' | 'more' | 'cursor' | 'action_id'>;

/** An answer of the service. Without a cursor there is nothing to go on from, whatever `more` says. */
export function answered(progress: BulkProgress, answer: Answer): BulkProgress {
  if (progress.step !== 'running') return progress;
  const { count, totals, stopping } = progress;
  const next: BulkTotals = {
    changed: totals.changed + answer.changed,
    skipped: totals.skipped + answer.skipped,
    requests: totals.requests + 1,
    cursor: answer.cursor,
    actionId: answer.action_id ?? totals.actionId,
  };
  if (!answer.more || answer.cursor === null) return { step: 'finished', count, totals: next };
  return stopping
    ? { step: 'stopped', count, totals: next }
    : { step: 'running', count, totals: next, stopping };
}

/** A request failed, or its answer was lost. What earlier ones did is kept. */
export function broken(progress: BulkProgress, error: Error): BulkProgress {
  if (progress.step !== 'running') return progress;
  const { count, totals } = progress;
  return { step: 'interrupted', count, totals, error };
}

export function continued(progress: BulkProgress): BulkProgress {
  if (progress.step !== 'stopped' && progress.step !== 'interrupted') return progress;
  const { count, totals } = progress;
  return { step: 'running', count, totals, stopping: false };
}

/** Whether requests are under way, so that closing the dialog would leave them unseen. */
export function isRunning(progress: BulkProgress): boolean {
  return progress.step === 'running';
}

/** The part that is done, 0 to 1; null when it is not known how many there are. */
export function doneShare({ matched, more }: BulkCount, { changed, skipped }: BulkTotals): number | null {
  const done = changed + skipped;
  if (more && done >= matched) return null;
  return matched === 0 ? 1 : Math.min(1, done / matched);
}
