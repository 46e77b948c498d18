import { CALLBACK_TYPES, type CallbackType } from '@timer-platform/callback-types';
import { z } from 'zod';
import { type Database, type Statement, statement } from '../connect.ts';

/** One step of a scan of the table by callback type and in the order of creation. */
export interface PruneStep {
  /** Where the previous step ended. undefined: start at the oldest timer. */
  readonly from: string | undefined;
  /** Deletes timers that finished longer ago than this, in milliseconds. */
  readonly finishedForMs: number;
  /** Number of timers to check. */
  readonly limit: number;
}

export interface PruneResult {
  readonly deleted: number;
  /** Where the next step starts. undefined: this was the last step. */
  readonly next: string | undefined;
}

/**
 * Scans the index of one callback type backwards, because a timer was created before it finished. Each scan skips old
 * timers that are still pending. updated_at of a finished timer is when it finished.
 *
 * The position is text because a Date would drop the microseconds, and the scan would not advance past them.
 */
const prune = (callbackType: CallbackType): Statement =>
  statement(
    `prune-finished-${callbackType}-timers`,
    `WITH page AS MATERIALIZED (
     SELECT id, created_at, status, updated_at FROM timers
     WHERE callback_type = '${callbackType}'
       AND (created_at, id) > ($1::timestamptz, $2::uuid)
       AND created_at < now() - $3::double precision * interval '1 millisecond'
     ORDER BY created_at, id
     LIMIT $4
   ), deleted AS (
     DELETE FROM timers
     WHERE id = ANY (ARRAY(
         SELECT id FROM page
         WHERE status IN ('completed', 'failed', 'canceled')
           AND updated_at < now() - $3::double precision * interval '1 millisecond'
       ))
       -- A client may have retried the timer in the meantime.
       AND status IN ('completed', 'failed', 'canceled')
     RETURNING 1
   )
   SELECT (SELECT count(*) FROM deleted)::integer AS deleted,
          (SELECT count(*) FROM page)::integer AS checked,
          (SELECT created_at::text || ' ' || id FROM page ORDER BY created_at DESC, id DESC LIMIT 1) AS reached`,
  );

export const PRUNE: Readonly<Record<CallbackType, Statement>> = { http: prune('http'), nats: prune('nats') };

const SMALLEST_ID = '00000000-0000-0000-0000-000000000000';
const positionSchema = z.tuple([z.enum(CALLBACK_TYPES), z.string(), z.string()]);

function start(callbackType: CallbackType): z.infer<typeof positionSchema> {
  return [callbackType, '-infinity', SMALLEST_ID];
}

/** Deletes timers that finished long ago, with their attempts. Several instances may do so at once. */
export async function pruneFinishedTimers(db: Database, step: PruneStep): Promise<PruneResult> {
  const { from, finishedForMs, limit } = step;
  const [callbackType, createdAt, id] =
    from === undefined ? start(CALLBACK_TYPES[0]) : positionSchema.parse(JSON.parse(from));
  const [row] = await db.rows<{ deleted: number; checked: number; reached: string | null }>(
    PRUNE[callbackType],
    [createdAt, id, finishedForMs, limit],
  );
  const { deleted = 0, checked = 0, reached = null } = row ?? {};
  return { deleted, next: nextPosition(callbackType, checked === limit ? reached : null) };
}

/** After the last timer of a callback type, the first of the next type. */
function nextPosition(callbackType: CallbackType, reached: string | null): string | undefined {
  if (reached !== null) {
    const [id = '', ...createdAt] = reached.split(' ').reverse();
    return JSON.stringify([callbackType, createdAt.reverse().join(' '), id]);
  }
  const next = CALLBACK_TYPES[CALLBACK_TYPES.indexOf(callbackType) + 1];
  return next && JSON.stringify(start(next));
}
