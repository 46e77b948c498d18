import {
  claimDueTimers,
  type ClaimedRow,
  type Database,
  finishBatches,
  settleDelivered,
} from '@timer-platform/database';

const LOOK_AHEAD_MS = 250;
const NOTHING = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY, limit: 0 };

/**
 * Claims timers of any age with the statement of the service.
 * @throws Error when the dispatcher holds no lease
 */
export async function claimAnyDue(db: Database, dispatcherId: string, limit: number): Promise<ClaimedRow[]> {
  const result = await claimDueTimers(db, {
    dispatcherId,
    lookAheadMs: LOOK_AHEAD_MS,
    recent: { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY, limit },
    backlog: NOTHING,
    maxBytes: Number.MAX_SAFE_INTEGER,
  });
  if (result === undefined) throw new Error('the lease was removed');
  return result.rows;
}

/** Completes all timers of one claim and deletes their batch, with the statements of the service. */
export async function settleBatch(
  db: Database,
  dispatcherId: string,
  claimed: readonly ClaimedRow[],
): Promise<void> {
  const nowMs = Date.now();
  await settleDelivered(
    db,
    dispatcherId,
    claimed.map(({ id, batchId, fencingToken }) => ({
      id,
      batchId,
      fencingToken,
      startedMs: nowMs,
      finishedMs: nowMs,
    })),
  );
  await finishBatches(db, dispatcherId, [...new Set(claimed.map(({ batchId }) => batchId))]);
}
