import type { PauseReason } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';

/**
 * Pauses as a client does: nothing that is pending is delivered. What was not decided stays so until the schedule is
 * resumed. If nothing was, the cursor moves to now, so that an edit meanwhile decides about nothing before it.
 */
const PAUSE = statement(
  'pause-schedule-automatically',
  `WITH paused AS (
     UPDATE schedules SET
       paused_at = now(), paused_until = NULL, pause_reason = $3, pause_note = $4, materialize_at = NULL,
       cursor_at = CASE WHEN paused_at IS NULL AND next_at > now() THEN now() ELSE LEAST(cursor_at, now()) END, next_at = NULL,
       skipping_from = NULL,
       fence = fence + 1, updated_at = now()
     WHERE id = $1 AND fence = $2
     RETURNING id
   )
   SELECT withdraw_occurrences(id, NULL) FROM paused`,
);

export interface AutomaticPause {
  readonly id: string;
  /** Of the row that was read. */
  readonly fence: number;
  readonly reason: Exclude<PauseReason, 'requested'>;
  /** For people. */
  readonly note: string;
}

/** Pauses a schedule without a request. false: it was changed in between. */
export async function pauseAutomatically(db: Database, pause: AutomaticPause): Promise<boolean> {
  return (await db.count(PAUSE, [pause.id, pause.fence, pause.reason, pause.note])) > 0;
}
