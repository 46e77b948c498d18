import { type Database, statement } from '../connect.ts';
import { epochMs } from '../sql-fragments.ts';

const LAG = statement(
  'schedule-lag',
  `SELECT GREATEST(0, ${epochMs('now()')} - ${epochMs('materialize_at')}) AS "lagMs"
   FROM schedules WHERE materialize_at IS NOT NULL ORDER BY materialize_at LIMIT 1`,
);

/** How long the schedule that waits longest could have been looked at, in milliseconds; 0 if none waits. */
export async function scheduleLag(db: Database): Promise<number> {
  const [row] = await db.rows<{ lagMs: number }>(LAG);
  return row?.lagMs ?? 0;
}
