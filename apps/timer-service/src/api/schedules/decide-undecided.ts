import { findScheduleToPlan, materializeOccurrences, type ScheduleRow } from '@timer-platform/database';
import { decideSchedule } from '../../schedules/decide-schedule.ts';
import { compileStoredRecurrence } from '../../schedules/recurrence/index.ts';
import type { ApiContext } from '../api-context.ts';
import { storedRecurrence } from './stored-timing.ts';

/** Bounds of one step. */
const LIMITS = { maxCreate: 500, maxDecide: 20_000 };

/** `until`: every occurrence before it is decided; undefined: there is none that could be. */
export type Decided = { readonly until: Date | undefined } | 'again';

/**
 * Decides occurrences of the past by the present content of a schedule, as a dispatcher would have, so that an edit
 * loses none. Does nothing for a schedule that is paused: its occurrences are decided when it resumes.
 *
 * @returns `again` if the schedule has to be read again, because something was decided
 */
export async function decideUndecided(context: ApiContext, row: ScheduleRow): Promise<Decided> {
  const { db, headerKeys, wake } = context;
  if (row.paused_at !== null || row.materialize_at === null) return { until: undefined };
  const isFull = row.max_occurrences !== null && row.occurrences >= row.max_occurrences;
  const first = isFull ? undefined : storedRecurrence(row)?.next(Number(row.cursor_at));
  if (first === undefined) return { until: undefined };
  if (first > row.now.getTime()) return { until: new Date(first) };
  const planned = await findScheduleToPlan(db, row.id);
  if (planned === undefined) return 'again';
  const step = decideSchedule(planned, {
    compile: compileStoredRecurrence,
    headerKeys,
    timeZoneData: process.versions['tz'] ?? '',
    limits: LIMITS,
  });
  // A schedule that is about to be paused, or whose headers this process cannot read, decides nothing.
  if (step.kind !== 'write') return { until: undefined };
  const [written] = await materializeOccurrences(db, [step.decision]);
  if (typeof written?.dueMs === 'number') wake(written.dueMs);
  return 'again';
}
