import { type Database, statement } from '../connect.ts';
import type { ScheduleKey } from './schedule-key.ts';
import type { Withdrawal } from './withdrawal.ts';

/**
 * The cursor moves back, so that occurrences of the near future, which are withdrawn, come back after a short pause. If
 * nothing is undecided it moves to now, so that an edit meanwhile decides about nothing before the pause.
 */
const PAUSE = statement(
  'pause-schedule',
  `WITH changed AS (
     UPDATE schedules SET
       fence = fence + 1, updated_at = now(), paused_at = COALESCE(paused_at, now()), paused_until = $3::timestamptz,
       pause_note = $4, pause_reason = 'requested', next_at = NULL,
       cursor_at = CASE WHEN paused_at IS NULL AND next_at > now() THEN now() ELSE LEAST(cursor_at, now()) END,
       skipping_from = NULL, materialize_at = $3::timestamptz
     WHERE client = $1 AND key = $2 AND ($3::timestamptz IS NULL OR $3::timestamptz > clock_timestamp())
     RETURNING id
   )
   SELECT withdraw_occurrences(id, NULL) AS withdrawal FROM changed`,
);

/**
 * Pauses a schedule and withdraws its occurrences: no attempt starts afterwards, except of those that the result names. A
 * schedule that is paused gets the new note and instant.
 *
 * @param until when it resumes by itself, RFC 3339; null: when it is resumed
 * @returns undefined if there is no such schedule, or `until` is not in the future
 */
export async function pauseSchedule(
  db: Database,
  { client, key }: ScheduleKey,
  note: string | null,
  until: string | null,
): Promise<Withdrawal | undefined> {
  const [changed] = await db.rows<{ withdrawal: Withdrawal }>(PAUSE, [client, key, until, note]);
  return changed?.withdrawal;
}
