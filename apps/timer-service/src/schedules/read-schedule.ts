import type { DueScheduleRow } from '@timer-platform/database';
import { z } from 'zod';
import type { PlannedSchedule } from './plan-occurrences.ts';
import type { RecurrenceSpec } from './recurrence/index.ts';

const exclude = z.array(z.string()).max(100).optional();

/** Strict: what a newer version has added must not be ignored. */
const recurrenceSchema = z.union([
  z.strictObject({ cron: z.array(z.string()).min(1).max(10), exclude }),
  z.strictObject({ every_ms: z.int().min(1_000), phase_ms: z.int().min(0).optional(), exclude }),
]);

const instantSchema = z.number().nullable();
const durationSchema = z.number().min(0);
/** The columns in which SQL could have stored what the type does not allow, such as infinity. */
const numbersSchema = z.object({
  startAtMs: instantSchema,
  endAtMs: instantSchema,
  maxOccurrences: z.int().min(1).nullable(),
  jitterMs: durationSchema.nullable(),
  catchUpWindowMs: durationSchema,
  catchUpSpacingMs: durationSchema,
  cursorMs: z.number().min(0),
});

/** The content of a stored schedule that a plan needs. */
export interface ReadSchedule {
  readonly planned: PlannedSchedule;
  readonly spec: RecurrenceSpec;
}

/** `problem`: for people; why the row cannot be read. */
export type ReadScheduleResult =
  { readonly ok: true; readonly schedule: ReadSchedule } | { readonly ok: false; readonly problem: string };

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'invalid' : `${issue.path.join('.')}: ${issue.message}`;
}

function specOf(row: DueScheduleRow, stored: z.infer<typeof recurrenceSchema>): RecurrenceSpec {
  return {
    ...('cron' in stored
      ? { cron: stored.cron }
      : { everyMs: stored.every_ms, phaseMs: stored.phase_ms ?? 0 }),
    ...(stored.exclude === undefined ? {} : { exclude: stored.exclude }),
    timeZone: row.timeZone,
    ...(row.startAtMs === null ? {} : { startAtMs: row.startAtMs }),
    ...(row.endAtMs === null ? {} : { endAtMs: row.endAtMs }),
  };
}

function plannedOf(row: DueScheduleRow): PlannedSchedule {
  const { skippingFromMs, skippingReason, skippingCount, resumedAtMs, resumeCatchUp } = row;
  return {
    id: row.id,
    overlap: row.overlap,
    catchUp: row.catchUp,
    catchUpWindowMs: row.catchUpWindowMs,
    catchUpSpacingMs: row.catchUpSpacingMs,
    jitterMs: row.jitterMs ?? 0,
    maxOccurrences: row.maxOccurrences,
    occurrences: row.occurrences,
    cursorMs: row.cursorMs,
    bufferedForMs: row.bufferedForMs,
    catchUpUntilMs: row.catchUpUntilMs,
    openRun:
      skippingFromMs === null || skippingReason === null || skippingCount === null
        ? null
        : { fromMs: skippingFromMs, reason: skippingReason, count: skippingCount },
    resumed: resumedAtMs === null ? null : { atMs: resumedAtMs, catchUp: resumeCatchUp ?? 'none' },
    pausedUntilMs: row.pausedUntilMs,
  };
}

/** Reads a row of `schedules`, which may have been written by SQL or by a newer version. */
export function readSchedule(row: DueScheduleRow): ReadScheduleResult {
  const recurrence = recurrenceSchema.safeParse(row.recurrence);
  if (!recurrence.success)
    return { ok: false, problem: `recurrence cannot be read (${describe(recurrence.error)})` };
  const numbers = numbersSchema.safeParse(row);
  if (!numbers.success) return { ok: false, problem: `a column cannot be read (${describe(numbers.error)})` };
  return { ok: true, schedule: { planned: plannedOf(row), spec: specOf(row, recurrence.data) } };
}
