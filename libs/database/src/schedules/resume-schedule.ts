import type { CatchUp } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import type { ScheduleKey } from './schedule-key.ts';

/** Failures before the pause do not count any more. */
const RESUME = statement(
  'resume-schedule',
  `UPDATE schedules SET
     fence = fence + 1, updated_at = now(), paused_at = NULL, paused_until = NULL, pause_note = NULL, pause_reason = NULL,
     resumed_at = now(), resume_catch_up = $3, failures_from = now(), next_at = NULL, materialize_at = now()
   WHERE client = $1 AND key = $2 AND paused_at IS NOT NULL`,
);

/**
 * Resumes a schedule that is paused; another one is not changed. `catchUp` decides which occurrences of the pause are
 * created.
 */
export async function resumeSchedule(
  db: Database,
  { client, key }: ScheduleKey,
  catchUp: CatchUp,
): Promise<boolean> {
  return (await db.count(RESUME, [client, key, catchUp])) > 0;
}
