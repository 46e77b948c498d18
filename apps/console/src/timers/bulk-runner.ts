import type { BulkResult } from '@timer-platform/callback-types';
import {
  answered,
  broken,
  type BulkCount,
  type BulkProgress,
  continued,
  counted,
  countFailed,
  COUNTING,
  isRunning,
  recounted,
  started,
  stopAsked,
} from './bulk-progress.ts';

/** The requests of a bulk change. */
export interface BulkRequests {
  readonly count: () => Promise<BulkCount>;
  /** Changes the next timers. @param cursor of the previous answer; null at first */
  readonly change: (fields: Readonly<Record<string, unknown>>, cursor: string | null) => Promise<BulkResult>;
}

/** Sends the requests of a bulk change one after the other, and tells listeners of its progress. */
export interface BulkRunner {
  readonly progress: () => BulkProgress;
  readonly subscribe: (listener: () => void) => () => void;
  /** Counts, at first or again. */
  readonly count: () => Promise<void>;
  /** @param fields of the request besides the filter: where to reschedule to */
  readonly start: (fields: Readonly<Record<string, unknown>>) => Promise<void>;
  /** After the request under way. */
  readonly stop: () => void;
  readonly resume: () => Promise<void>;
}

export function createBulkRunner({ count, change }: BulkRequests): BulkRunner {
  const listeners = new Set<() => void>();
  let progress: BulkProgress = COUNTING;
  let fields: Readonly<Record<string, unknown>> = {};

  const move = (next: BulkProgress) => {
    if (next === progress) return;
    progress = next;
    for (const listener of listeners) listener();
  };
  const run = async () => {
    while (progress.step === 'running')
      try {
        const answer = await change(fields, progress.totals.cursor);
        // `progress` is read after the answer: a stop may have been asked for meanwhile.
        move(answered(progress, answer));
      } catch (error) {
        move(broken(progress, error instanceof Error ? error : new Error(String(error))));
      }
  };

  return {
    progress: () => progress,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    count: async () => {
      move(recounted(progress));
      try {
        move(counted(progress, await count()));
      } catch (error) {
        move(countFailed(progress, error instanceof Error ? error : new Error(String(error))));
      }
    },
    start: async (more) => {
      if (isRunning(progress)) return;
      fields = more;
      move(started(progress));
      await run();
    },
    stop: () => {
      move(stopAsked(progress));
    },
    resume: async () => {
      if (isRunning(progress)) return;
      move(continued(progress));
      await run();
    },
  };
}
