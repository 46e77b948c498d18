import { type Database, statement } from '../connect.ts';
import type { ScheduleKey } from './schedule-key.ts';
import type { Withdrawal } from './withdrawal.ts';

const DELETE = statement(
  'delete-schedule',
  `WITH gone AS (
     DELETE FROM schedules WHERE client = $1 AND key = $2 AND ($3::integer IS NULL OR revision = $3) RETURNING id
   )
   SELECT id, withdraw_occurrences(id, NULL) AS withdrawal FROM gone`,
);

/**
 * Deletes a schedule with its skips and withdraws its occurrences: no attempt starts afterwards, except of those that the
 * result names. Its other occurrences stay, as timers.
 *
 * @param revision only if it has this revision
 * @returns undefined if there is no such schedule
 */
export async function deleteSchedule(
  db: Database,
  { client, key }: ScheduleKey,
  revision?: number,
): Promise<{ readonly id: string; readonly withdrawal: Withdrawal } | undefined> {
  const [gone] = await db.rows<{ id: string; withdrawal: Withdrawal }>(DELETE, [
    client,
    key,
    revision ?? null,
  ]);
  return gone;
}
