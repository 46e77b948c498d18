import type { Occurrence } from '@timer-platform/callback-types';
import type { OccurrenceRow } from '@timer-platform/database';
import { optionalInstant, presentInstant } from '../timers/present-timer.ts';

/** Converts an entry in the history of a schedule. */
export function presentOccurrence(row: OccurrenceRow): Occurrence {
  const scheduledFor = presentInstant(row.scheduled_for);
  if (row.type === 'skip')
    return {
      type: 'skip',
      scheduled_for: scheduledFor,
      until: presentInstant(row.until),
      count: row.count,
      reason: row.reason,
      skipped_at: presentInstant(row.at),
    };
  return {
    type: 'timer',
    scheduled_for: scheduledFor,
    id: row.id,
    origin: row.origin,
    status: row.status,
    execute_at: presentInstant(row.execute_at),
    executed_at: optionalInstant(row.executed_at),
    attempts: row.attempts,
    last_error: row.last_error,
  };
}
