import { type Database, statement } from '../connect.ts';
import type { ScheduleKey } from './schedule-key.ts';
import { SCHEDULE_COLUMNS, type ScheduleRow } from './schedule-row.ts';

const FIND = statement(
  'find-schedule',
  `SELECT ${SCHEDULE_COLUMNS} FROM schedules WHERE client = $1 AND key = $2`,
);

/** Finds the schedule with this key. */
export async function findSchedule(
  db: Database,
  { client, key }: ScheduleKey,
): Promise<ScheduleRow | undefined> {
  const [row] = await db.rows<ScheduleRow>(FIND, [client, key]);
  return row;
}
