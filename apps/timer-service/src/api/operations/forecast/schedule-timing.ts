import type { ForecastSchedule } from '@timer-platform/database';
import { jitterOf } from '../../../schedules/jitter.ts';
import { compileStoredRecurrence, type Recurrence } from '../../../schedules/recurrence/index.ts';
import { storedTiming } from '../../schedules/stored-timing.ts';

/** When a schedule occurs. Schedules with the same `key` occur at the same instants. */
export interface ScheduleTiming {
  readonly key: string;
  readonly recurrence: Recurrence;
  /** null: it is not a plain interval. */
  readonly interval: { readonly everyMs: number; readonly phaseMs: number } | null;
  /** Occurrences have later instants than this, and at most that, before they are shifted. */
  readonly afterMs: number;
  readonly lastMs: number;
  /** How much later than their nominal instants they are due, by jitter. */
  readonly shiftMs: number;
  /** Occurrences that are left; Infinity: no limit. */
  readonly remaining: number;
}

function shiftOf({ id, jitterMs }: ForecastSchedule, recurrence: Recurrence, afterMs: number): number {
  if (!(jitterMs > 0)) return 0;
  const first = recurrence.next(afterMs);
  const second = first === undefined ? undefined : recurrence.next(first);
  return jitterOf(id, jitterMs, first === undefined || second === undefined ? Infinity : second - first);
}

/** Reads a stored schedule; undefined if it cannot be read: no occurrence of it is stored then either. */
export function scheduleTiming(schedule: ForecastSchedule, fromMs: number): ScheduleTiming | undefined {
  const { cron, everyMs, phaseMs, exclude } = storedTiming(schedule);
  const { timeZone, startAtMs, endAtMs } = schedule;
  const spec = {
    ...(cron !== null && { cron }),
    ...(everyMs !== null && { everyMs, phaseMs: phaseMs ?? 0 }),
    exclude,
    timeZone,
    ...(startAtMs !== null && { startAtMs }),
    ...(endAtMs !== null && { endAtMs }),
  };
  const compiled = compileStoredRecurrence(spec);
  if (!compiled.ok) return undefined;
  const { recurrence } = compiled;
  // Those that are due now are decided within moments: as timers, or as skips.
  const afterMs = Math.max(schedule.afterMs, (startAtMs ?? Number.NEGATIVE_INFINITY) - 1);
  const remaining = schedule.remaining ?? Infinity;
  const shiftMs = shiftOf(schedule, recurrence, Math.max(afterMs, fromMs));
  const clipped = {
    after: Math.max(afterMs, fromMs - shiftMs),
    remaining: Number.isFinite(remaining) ? remaining : null,
  };
  return {
    key: JSON.stringify([spec, clipped, shiftMs]),
    recurrence,
    interval: everyMs !== null && exclude.length === 0 ? { everyMs, phaseMs: phaseMs ?? 0 } : null,
    afterMs,
    lastMs: endAtMs ?? Infinity,
    shiftMs,
    remaining,
  };
}
