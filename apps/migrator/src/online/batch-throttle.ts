/** Limits the load of a rewrite in batches on the rest of the database. */
export interface BatchThrottle {
  /** Target duration of a batch in milliseconds: about the longest wait of a client that writes one of its rows. */
  readonly targetBatchMs: number;
  /** Rows of the first batch; later sizes follow from the target. */
  readonly firstBatchRows: number;
  /** Pause after a batch, as a multiple of the duration of the batch. */
  readonly pauseRatio: number;
}

/**
 * The pauses leave the disk to others. At a ratio of 0.2 the backfill of a large table writes as fast as an average disk can,
 * and commits of clients wait for the fsyncs of the checkpoints.
 */
export const DEFAULT_THROTTLE: BatchThrottle = { targetBatchMs: 100, firstBatchRows: 500, pauseRatio: 2 };

/** How far a streaming replica may be behind before batches wait for it: about ten batches. */
export const DEFAULT_MAX_REPLICA_LAG_BYTES = 64 * 1024 ** 2;

const rowLimits = { min: 50, max: 20_000 };
/** Largest growth or shrinkage from one batch to the next, so that one slow batch has little influence. */
const MAX_STEP = 2;

/** Rows of the next batch, from the duration of the last one. Pure. */
export function nextBatchRows(rows: number, tookMs: number, throttle: BatchThrottle): number {
  const ideal = rows * (throttle.targetBatchMs / Math.max(tookMs, 1));
  const limited = Math.min(Math.max(ideal, rows / MAX_STEP), rows * MAX_STEP);
  return Math.round(Math.min(Math.max(limited, rowLimits.min), rowLimits.max));
}

/** Pause after a batch, in milliseconds; limited, in case that the batch waited for a lock. Pure. */
export function pauseAfterBatch(tookMs: number, throttle: BatchThrottle): number {
  return Math.min(tookMs, throttle.targetBatchMs * MAX_STEP) * throttle.pauseRatio;
}
