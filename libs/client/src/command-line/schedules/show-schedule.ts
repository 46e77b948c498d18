import type { Occurrence, PreviewedOccurrence, ScheduleSummary } from '@timer-platform/callback-types';
import type { DeletedSchedule } from '../../client/schedule-shapes.ts';
import type { Output } from '../output.ts';
import { cell } from '../show-timer.ts';
import type { Cell } from '../table.ts';

/** What holds a schedule back, or when it occurs next. */
function state({ paused, ended, next_at }: ScheduleSummary): Cell {
  if (paused !== null) return { text: `paused (${paused.reason})`, color: 'yellow' };
  return ended ? { text: 'ended', color: 'dim' } : { text: next_at ?? '-' };
}

const SCHEDULES = ['KEY', 'NEXT', 'OCCURRENCES', 'TIME ZONE', 'DESCRIPTION'];

export function scheduleTable(output: Output, schedules: readonly ScheduleSummary[]): string[] {
  const rows = schedules.map((schedule) => {
    const { key, occurrences, time_zone, description } = schedule;
    return [cell(key), state(schedule), cell(occurrences), cell(time_zone), cell(description)];
  });
  return output.table(SCHEDULES, rows);
}

const OCCURRENCES = ['SCHEDULED FOR', 'STATUS', 'ORIGIN', 'ID', 'ERROR'];

function occurrenceRow(occurrence: Occurrence): Cell[] {
  if (occurrence.type === 'timer') {
    const { scheduled_for, status, origin, id, last_error } = occurrence;
    return [scheduled_for, status, origin, id, last_error].map(cell);
  }
  const { scheduled_for, until, count, reason } = occurrence;
  const text = `skipped (${reason})`;
  const last = count === 1 ? '-' : `${count} occurrences until ${until}`;
  return [cell(scheduled_for), { text, color: 'dim' }, cell(last), cell(null), cell(null)];
}

export function occurrenceTable(output: Output, occurrences: readonly Occurrence[]): string[] {
  return output.table(OCCURRENCES, occurrences.map(occurrenceRow));
}

const MAX_NAMED = 5;
const PREVIEW = ['AT', 'LOCAL', 'CLOCK CHANGE'];

export function previewTable(output: Output, occurrences: readonly PreviewedOccurrence[]): string[] {
  const rows = occurrences.map(({ at, local, shifted }) => [
    cell(at),
    cell(local),
    { text: shifted ?? '', color: 'yellow' as const },
  ]);
  return output.table(PREVIEW, rows);
}

/** Notes on occurrences that a change could not withdraw. */
export function noteRunning(output: Output, { running }: Pick<DeletedSchedule, 'running'>): void {
  if (running.length === 0) return;
  const ids = running.slice(0, MAX_NAMED).map(({ id, status }) => `${id} (${status})`);
  const more = running.length > ids.length ? ` and ${running.length - ids.length} more` : '';
  output.note(`timer: these occurrences are due already and keep what they had: ${ids.join(', ')}${more}`);
}
