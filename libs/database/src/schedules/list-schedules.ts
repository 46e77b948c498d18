import { type Database, statement } from '../connect.ts';
import { SCHEDULE_SUMMARY_COLUMNS, type ScheduleSummaryRow } from './schedule-row.ts';

export interface SchedulePage {
  readonly client: string;
  /** Only keys that start with this. */
  readonly prefix?: string | undefined;
  readonly paused?: boolean | undefined;
  /** Only keys after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A range of the index of unique_schedule_key. Keys are ASCII without DEL, which bounds those with a prefix. */
const LIST = statement(
  'list-schedules',
  `SELECT ${SCHEDULE_SUMMARY_COLUMNS} FROM schedules
   WHERE client = $1 AND key > $2 AND key >= $3 AND key < $3 || chr(127) AND ($4::boolean IS NULL OR (paused_at IS NOT NULL) = $4)
   ORDER BY key LIMIT $5`,
);

/** Returns one page of the schedules of a client in the order of their keys, and the last key if there are more. */
export async function listSchedules(
  db: Database,
  { client, prefix = '', paused, after = '', limit }: SchedulePage,
): Promise<{ schedules: ScheduleSummaryRow[]; next: string | undefined }> {
  const values = [client, after, prefix, paused ?? null, limit + 1];
  const rows = await db.rows<ScheduleSummaryRow>(LIST, values);
  const schedules = rows.slice(0, limit);
  return { schedules, next: rows.length > limit ? schedules.at(-1)?.key : undefined };
}
