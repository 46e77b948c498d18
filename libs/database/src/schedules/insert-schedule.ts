import { type Database, statement } from '../connect.ts';
import { type HeaderKeys, NO_HEADER_KEYS } from '../header-encryption.ts';
import { newTimerId } from '../timers/new-timer-id.ts';
import { CONTENT_COLUMNS, contentJson, NEW_CONTENT, type ScheduleContent } from './schedule-content.ts';
import type { ScheduleKey } from './schedule-key.ts';

/** Reads at most as many rows of idx unique_schedule_key as the client may have schedules. */
const INSERT = statement(
  'insert-schedule',
  `INSERT INTO schedules (id, client, key, cursor_at, materialize_at, ${CONTENT_COLUMNS})
   SELECT $2, $3, $4, now(), now(), new.* FROM ${NEW_CONTENT}
   WHERE (SELECT count(*) FROM (SELECT FROM schedules WHERE client = $3 LIMIT $5) AS stored) < $5
   ON CONFLICT (client, key) DO NOTHING
   RETURNING id`,
);

/**
 * Stores a schedule whose occurrences begin now. Returns undefined if one has this key, or if the client has as many as it
 * may. Requests that run at once may exceed the limit by their number.
 */
export async function insertSchedule(
  db: Database,
  { client, key }: ScheduleKey,
  content: ScheduleContent,
  maxSchedules: number,
  headerKeys: HeaderKeys = NO_HEADER_KEYS,
): Promise<string | undefined> {
  const id = newTimerId();
  const [row] = await db.rows<{ id: string }>(INSERT, [
    contentJson(id, content, headerKeys),
    id,
    client,
    key,
    maxSchedules,
  ]);
  return row?.id;
}
