import type { ScheduleSummaryRow } from '@timer-platform/database';
import { z } from 'zod';
import {
  compileStoredRecurrence,
  type Recurrence,
  type RecurrenceSpec,
} from '../../schedules/recurrence/index.ts';

const texts = z.array(z.string());
const storedRecurrenceSchema = z.object({
  cron: texts.nullable().catch(null),
  every_ms: z.number().nullable().catch(null),
  phase_ms: z.number().nullable().catch(null),
  exclude: texts.catch([]),
});

/** The timing of a stored schedule, as far as this version can read it. */
export interface StoredTiming {
  readonly cron: string[] | null;
  readonly everyMs: number | null;
  readonly phaseMs: number | null;
  readonly exclude: string[];
}

/** Reads the column `recurrence`, which SQL or a later version may have written: what cannot be read is absent. */
export function storedTiming({ recurrence }: Pick<ScheduleSummaryRow, 'recurrence'>): StoredTiming {
  const { cron, every_ms, phase_ms, exclude } = storedRecurrenceSchema
    .catch({ cron: null, every_ms: null, phase_ms: null, exclude: [] })
    .parse(recurrence);
  return { cron, everyMs: every_ms, phaseMs: every_ms === null ? null : (phase_ms ?? 0), exclude };
}

/** Compiles the timing of a stored schedule; undefined if it cannot be read. */
export function storedRecurrence(row: ScheduleSummaryRow): Recurrence | undefined {
  const { cron, everyMs, phaseMs, exclude } = storedTiming(row);
  const spec: RecurrenceSpec = {
    ...(cron !== null && { cron }),
    ...(everyMs !== null && { everyMs, phaseMs: phaseMs ?? 0 }),
    exclude,
    timeZone: row.time_zone,
    ...(row.start_at !== null && { startAtMs: Number(row.start_at) }),
    ...(row.end_at !== null && { endAtMs: Number(row.end_at) }),
  };
  const result = compileStoredRecurrence(spec);
  return result.ok ? result.recurrence : undefined;
}
