import { z } from 'zod';
import { callbackTypeSchema } from './callback.ts';
import { instant } from './instant.ts';
import { anyJsonSchema } from './json-value.ts';
import { originSchema } from './occurrence-fields.ts';
import { retryPolicySchema } from './retry-policy.ts';
import {
  EXAMPLE_BACKFILL,
  EXAMPLE_PREVIEW,
  EXAMPLE_SCHEDULE,
  EXAMPLE_SCHEDULE_SUMMARY,
} from './schedule-examples.ts';
import { CATCH_UPS, OVERLAPS, PAUSE_REASONS, SKIP_REASONS } from './schedule-options.ts';
import { timerCallbackSchema } from './timer-callback.ts';
import { timerStateSchema } from './timer-state.ts';

/** Since when and why a schedule creates no occurrences. */
export const schedulePauseSchema = z
  .object({
    since: instant,
    reason: z.enum(PAUSE_REASONS),
    note: z.string().nullable(),
    until: instant.nullable().meta({ description: 'When it resumes by itself; null: when it is told to' }),
  })
  .meta({ id: 'SchedulePause' });
export type SchedulePause = z.infer<typeof schedulePauseSchema>;

/** A schedule in a list: without its callback, its metadata and its retry policy. */
export const scheduleSummarySchema = z
  .object({
    key: z.string().meta({ description: "The client's own key of the schedule" }),
    id: z.guid(),
    revision: z
      .int()
      .positive()
      .meta({ description: 'Grows with every change of the content; also the ETag' }),
    created_at: instant,
    updated_at: instant,
    cron: z.array(z.string()).nullable(),
    every: z.string().nullable(),
    phase: z.string().nullable(),
    time_zone: z.string(),
    exclude: z.array(z.string()),
    start_at: instant.nullable(),
    end_at: instant.nullable(),
    max_occurrences: z.int().nullable(),
    jitter: z.string(),
    overlap: z.enum(OVERLAPS),
    catch_up: z.enum(CATCH_UPS),
    catch_up_window: z.string(),
    catch_up_spacing: z.string(),
    expires_after: z.string().nullable(),
    pause_after_failures: z.int().nullable(),
    callback_type: callbackTypeSchema,
    description: z.string().meta({ description: 'The timing in plain words' }),
    next_at: instant
      .nullable()
      .meta({ description: 'The next occurrence; null while the schedule is paused and after its end' }),
    paused: schedulePauseSchema.nullable(),
    occurrences: z.int().meta({ description: 'Occurrences that the schedule has created so far' }),
    ended: z.boolean().meta({ description: 'Whether it will never have another occurrence' }),
  })
  .meta({ id: 'ScheduleSummary', examples: [EXAMPLE_SCHEDULE_SUMMARY] });
export type ScheduleSummary = z.infer<typeof scheduleSummarySchema>;

/** A schedule with all stored fields. */
export const scheduleSchema = scheduleSummarySchema
  .extend({ callback: timerCallbackSchema, retry: retryPolicySchema.nullable(), metadata: anyJsonSchema })
  .meta({ id: 'Schedule', examples: [EXAMPLE_SCHEDULE] });
export type Schedule = z.infer<typeof scheduleSchema>;

/** An occurrence that an edit, a pause or a delete could not withdraw, because it is already due. */
export const runningOccurrenceSchema = z
  .object({ id: z.guid(), status: timerStateSchema, scheduled_for: instant })
  .meta({ id: 'RunningOccurrence' });
export type RunningOccurrence = z.infer<typeof runningOccurrenceSchema>;

/** What an edit, a pause or a delete did to the occurrences that existed. */
export const withdrawalFields = {
  withdrawn: z.array(z.guid()).meta({
    description: 'Ids of the occurrences that were pending and are canceled, at most 1,000 of them',
  }),
  withdrawn_count: z.int(),
  running: z.array(runningOccurrenceSchema).meta({
    description: 'Unfinished occurrences that keep the old values, at most 1,000 of them',
  }),
};

/** An occurrence in a preview. */
export const previewedOccurrenceSchema = z
  .object({
    at: instant,
    local: z.string().meta({ description: 'The same instant in the time zone of the schedule' }),
    shifted: z.enum(['gap', 'overlap']).nullable().meta({
      description:
        'gap: the local time does not exist that day, so the occurrence is at the first one after it; overlap: the local time comes twice, and this is the first pass',
    }),
  })
  .meta({ id: 'PreviewedOccurrence' });
export type PreviewedOccurrence = z.infer<typeof previewedOccurrenceSchema>;

/** The next occurrences of a timing, and the timing in plain words. */
export const schedulePreviewSchema = z
  .object({ description: z.string(), occurrences: z.array(previewedOccurrenceSchema) })
  .meta({ id: 'SchedulePreview', examples: [EXAMPLE_PREVIEW] });
export type SchedulePreview = z.infer<typeof schedulePreviewSchema>;

/** What a backfill created, or would create. */
export const scheduleBackfillSchema = z
  .object({
    dry_run: z.boolean(),
    occurrences: z.int().meta({ description: 'Occurrences of the schedule in the range' }),
    already_exist: z.int().meta({ description: 'Those of them that exist and are left alone' }),
    created: z.int().meta({ description: 'Timers created; 0 in a dry run' }),
    first: instant.nullable().meta({ description: 'The first occurrence in the range' }),
    last: instant.nullable(),
    warning: z
      .string()
      .nullable()
      .meta({ description: 'Why occurrences that were delivered may be delivered again, or null' }),
  })
  .meta({ id: 'ScheduleBackfill', examples: [EXAMPLE_BACKFILL] });
export type ScheduleBackfill = z.infer<typeof scheduleBackfillSchema>;

/** An occurrence that is a timer. `GET /timers/:id` has the rest of it. */
export const timerOccurrenceSchema = z
  .object({
    type: z.literal('timer'),
    scheduled_for: instant,
    id: z.guid(),
    origin: originSchema,
    status: timerStateSchema,
    execute_at: instant,
    executed_at: instant.nullable(),
    attempts: z.int(),
    last_error: z.string().nullable(),
  })
  .meta({ id: 'TimerOccurrence' });
export type TimerOccurrence = z.infer<typeof timerOccurrenceSchema>;

/** Occurrences in a row that were skipped for one reason: `count` of them, from `scheduled_for` to `until`. */
export const skippedOccurrencesSchema = z
  .object({
    type: z.literal('skip'),
    scheduled_for: instant.meta({ description: 'The first of them' }),
    until: instant.meta({ description: 'The last of them' }),
    count: z.int().positive(),
    reason: z.enum(SKIP_REASONS),
    skipped_at: instant.meta({ description: 'When the service decided it' }),
  })
  .meta({ id: 'SkippedOccurrences' });
export type SkippedOccurrences = z.infer<typeof skippedOccurrencesSchema>;

/** An entry in the history of a schedule, discriminated on `type`. */
export const occurrenceSchema = z
  .discriminatedUnion('type', [timerOccurrenceSchema, skippedOccurrencesSchema])
  .meta({ id: 'Occurrence' });
export type Occurrence = z.infer<typeof occurrenceSchema>;
