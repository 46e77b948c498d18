import { type Database, statement } from '../connect.ts';
import { type HeaderKeys, NO_HEADER_KEYS } from '../header-encryption.ts';
import { CONTENT_COLUMNS, contentJson, NEW_CONTENT, type ScheduleContent } from './schedule-content.ts';
import type { ScheduleRow } from './schedule-row.ts';
import type { Withdrawal } from './withdrawal.ts';

/**
 * The cursor of a paused schedule stays, because its occurrences are decided when it resumes. One that could not be read
 * is not paused any more: the new content can be.
 *
 * withdraw_occurrences sees occurrences that a pass committed before it gave the lock of the row free, and a pass that
 * comes later loses by the fence.
 */
const EDIT = statement(
  'edit-schedule',
  `WITH changed AS (
     UPDATE schedules SET (${CONTENT_COLUMNS}) = (SELECT new.* FROM ${NEW_CONTENT}),
       revision = revision + 1, fence = fence + 1, updated_at = now(), failures_from = now(), skipping_from = NULL,
       cursor_at = CASE WHEN paused_at IS NULL THEN now() ELSE LEAST(cursor_at, now()) END,
       resumed_at = CASE WHEN paused_at IS NOT NULL THEN resumed_at END,
       resume_catch_up = CASE WHEN paused_at IS NOT NULL THEN resume_catch_up END,
       next_at = NULL,
       materialize_at = CASE WHEN paused_at IS NULL OR pause_reason = 'unreadable' THEN now() ELSE paused_until END,
       paused_at = CASE WHEN pause_reason <> 'unreadable' THEN paused_at END,
       paused_until = CASE WHEN pause_reason <> 'unreadable' THEN paused_until END,
       pause_note = CASE WHEN pause_reason <> 'unreadable' THEN pause_note END,
       pause_reason = NULLIF(pause_reason, 'unreadable')
     WHERE id = $2 AND fence = $3 AND (paused_at IS NOT NULL OR now() < $4::timestamptz)
     RETURNING id
   )
   SELECT withdraw_occurrences(id, now()) AS withdrawal FROM changed`,
);

/**
 * Gives a schedule other content. Occurrences that are later than now are withdrawn and come back if the new content has
 * the same instant.
 *
 * @param row as it was read: returns undefined without a change if it was written since
 * @param decidedUntil the first occurrence of a schedule that is not paused which is not decided; the same happens if it
 *   is not in the future
 */
export async function editSchedule(
  db: Database,
  row: Pick<ScheduleRow, 'id' | 'fence'>,
  content: ScheduleContent,
  decidedUntil: Date | undefined,
  headerKeys: HeaderKeys = NO_HEADER_KEYS,
): Promise<Withdrawal | undefined> {
  const [changed] = await db.rows<{ withdrawal: Withdrawal }>(EDIT, [
    contentJson(row.id, content, headerKeys),
    row.id,
    row.fence,
    decidedUntil ?? 'infinity',
  ]);
  return changed?.withdrawal;
}
