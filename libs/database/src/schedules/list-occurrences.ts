import type { Origin, SkipReason, TimerState } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { CURRENT_STATUS } from '../timers/current-status.ts';
import type { Instant } from '../timers/timer-row.ts';

/** The position of an entry: its nominal instant in microseconds since 1970, then its id. */
export interface OccurrencePosition {
  readonly micros: string;
  readonly id: string;
}

/** An occurrence that is a timer. */
export interface TimerOccurrenceRow {
  readonly type: 'timer';
  readonly id: string;
  readonly scheduled_for: Instant;
  readonly origin: Origin;
  readonly status: TimerState;
  readonly execute_at: Instant;
  readonly executed_at: Instant | null;
  readonly attempts: number;
  readonly last_error: string | null;
}

/** Adjacent occurrences that were skipped. */
export interface SkipRow {
  readonly type: 'skip';
  readonly scheduled_for: Instant;
  readonly until: Instant;
  readonly count: number;
  readonly reason: SkipReason;
  readonly at: Instant;
}

export type OccurrenceRow = TimerOccurrenceRow | SkipRow;

/** Sorts a skip after the timers of its instant, in an order from the newest to the oldest. */
const SKIP_ID = '00000000-0000-0000-0000-000000000000';

const AFTER = `(scheduled_for, id) < (timestamptz 'epoch' + ($2::bigint / 1000000) * interval '1 second'
       + ($2::bigint % 1000000) * interval '1 microsecond', $3::uuid)`;

const LIST = statement(
  'list-occurrences',
  `SELECT merged.*, trunc(extract(epoch FROM scheduled_for) * 1000000)::bigint::text AS micros FROM (
     (SELECT 'timer' AS type, id, scheduled_for, origin, ${CURRENT_STATUS} AS status, execute_at, executed_at, attempts,
             last_error, NULL::timestamptz AS until, NULL::double precision AS count, NULL AS reason,
             NULL::timestamptz AS at
      FROM timers WHERE schedule_id = $1 AND ($2::bigint IS NULL OR ${AFTER})
      ORDER BY scheduled_for DESC, id DESC LIMIT $4)
     UNION ALL
     (SELECT 'skip', '${SKIP_ID}', scheduled_for, NULL, NULL, NULL, NULL, NULL, NULL, until, count, reason, at
      FROM (SELECT *, '${SKIP_ID}'::uuid AS id FROM schedule_skips WHERE schedule_id = $1) AS skip
      WHERE $2::bigint IS NULL OR ${AFTER}
      ORDER BY scheduled_for DESC LIMIT $4)
   ) AS merged
   ORDER BY scheduled_for DESC, id DESC LIMIT $4`,
);

/** Returns one page of the history of a schedule, newest first, and the position of its last entry if there are more. */
export async function listOccurrences(
  db: Database,
  scheduleId: string,
  limit: number,
  after?: OccurrencePosition,
): Promise<{ occurrences: OccurrenceRow[]; next: OccurrencePosition | undefined }> {
  const values = [scheduleId, after?.micros ?? null, after?.id ?? null, limit + 1];
  const rows = await db.rows<OccurrenceRow & OccurrencePosition>(LIST, values);
  const occurrences = rows.slice(0, limit);
  const last = rows.length > limit ? occurrences.at(-1) : undefined;
  return { occurrences, next: last && { micros: last.micros, id: last.id } };
}
