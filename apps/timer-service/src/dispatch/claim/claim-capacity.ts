import type { HeldTimers } from '../held-timers.ts';
import type { SettleBatcher } from '../settle/settle-batcher.ts';

export type UnwrittenResults = Pick<SettleBatcher, 'size' | 'pendingOfBacklog'>;

/** How much more can be claimed. */
export interface ClaimCapacity {
  readonly recent: number;
  readonly backlog: number;
  /** Whether suspects may be claimed: not while others are under way. */
  readonly suspects: boolean;
  /** Bytes of callbacks in each range. */
  readonly bytes: number;
  /** Memory is short: a backlog poll has to wait for a moment. */
  readonly isScarce: boolean;
}

/** The most timers that may be claimed and not started. Enough for the look-ahead at 10,000 timers a second. */
export const MAX_RECENT = 2_500;
export const MAX_BACKLOG = 1_500;
/** The same for the backlog with the results that are not written yet. */
const MAX_BACKLOG_WITH_RESULTS = 2_500;
/** While more results than this are not written, nothing is claimed: the database does not keep up. */
const MAX_UNWRITTEN = 10_000;
/** The most bytes of callbacks in memory. A callback takes up to three times as much while it is parsed and sent. */
export const MAX_HELD_BYTES = 48 * 1_024 * 1_024;
const MAX_CLAIM_BYTES = 8 * 1_024 * 1_024;
/** Claims never stop for want of memory, since one callback may be larger than all of it. They get small. */
const MIN_CLAIM_BYTES = 256 * 1_024;

/**
 * How much more a process can claim. Recent timers and backlog have capacity of their own, so that neither can take that
 * of the other. Nothing but its results slows a backlog down: it waits for them.
 */
export function claimCapacity(held: HeldTimers, unwritten: UnwrittenResults): ClaimCapacity {
  const isBehind = unwritten.size > MAX_UNWRITTEN;
  const maxBacklog = Math.min(MAX_BACKLOG, MAX_BACKLOG_WITH_RESULTS - unwritten.pendingOfBacklog);
  const free = MAX_HELD_BYTES / 2 - held.bytes;
  return {
    recent: isBehind ? 0 : Math.max(0, MAX_RECENT - held.count('recent')),
    backlog: isBehind ? 0 : Math.max(0, maxBacklog - held.count('backlog')),
    suspects: !isBehind && held.count('suspect') === 0,
    bytes: Math.min(Math.max(free / 2, MIN_CLAIM_BYTES), MAX_CLAIM_BYTES),
    isScarce: free < 0,
  };
}
