import { z } from 'zod';
import { callbackConfigSchema } from './callback.ts';
import { SCHEDULE_HEADERS } from './delivery-headers.ts';
import { durationSchema } from './duration.ts';
import { dateTime } from './instant.ts';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';
import { noteSchema } from './note.ts';
import { queryInteger } from './query-integer.ts';
import { retryPolicySchema } from './retry-policy.ts';
import { runOnInvalidFields } from './run-on-invalid-fields.ts';
import {
  EXAMPLE_BACKFILL_REQUEST,
  EXAMPLE_PAUSE_REQUEST,
  EXAMPLE_PREVIEW_REQUEST,
  EXAMPLE_PUT_SCHEDULE_REQUEST,
} from './schedule-examples.ts';
import { CATCH_UPS, OVERLAPS, SCHEDULE_DEFAULTS } from './schedule-options.ts';
import { checkScheduleTiming, scheduleTimingFields } from './schedule-timing.ts';
import { timerKeySchema } from './timer-key.ts';

/** A client's own key of a schedule, such as `daily-report`: the same characters as in the key of a timer. */
export const scheduleKeySchema = timerKeySchema;

const RESERVED_HEADERS: ReadonlySet<string> = new Set(Object.values(SCHEDULE_HEADERS));

/** The headers of an occurrence come from the service, so that receivers can rely on them. */
function checkReservedHeaders({ callback }: { readonly callback?: unknown }, context: z.RefinementCtx): void {
  const { headers } = Object(callback) as { readonly headers?: unknown };
  if (typeof headers !== 'object' || headers === null) return;
  for (const name of Object.keys(headers).slice(0, LIMITS.headerCount))
    if (RESERVED_HEADERS.has(name.toLowerCase()))
      context.addIssue({
        code: 'custom',
        path: ['callback', 'headers', name],
        message: 'is reserved: the service sets this header on occurrences of schedules',
      });
}

const spacing = durationSchema(0);

/**
 * Body of `PUT /schedules/:key`: a whole schedule. Absent fields and null mean the default, also if the schedule exists:
 * what is absent is not kept.
 */
export const putScheduleRequestSchema = z
  .strictObject({
    ...scheduleTimingFields,
    jitter: durationSchema(0).nullish().meta({
      description:
        'Occurrences are later by a part of this that is the same for the whole schedule, never past the next one',
    }),
    overlap: z
      .enum(OVERLAPS)
      .nullish()
      .meta({
        description: `What happens while the occurrence before is unfinished. Default: ${SCHEDULE_DEFAULTS.overlap}`,
      }),
    catch_up: z
      .enum(CATCH_UPS)
      .nullish()
      .meta({
        description: `Which missed occurrences are made up for. Default: ${SCHEDULE_DEFAULTS.catch_up}`,
      }),
    catch_up_window: durationSchema()
      .nullish()
      .meta({
        description: `Occurrences missed longer ago than this are skipped. Default: ${SCHEDULE_DEFAULTS.catch_up_window}`,
      }),
    catch_up_spacing: spacing.nullish().meta({
      description: `Time between occurrences that are made up for. Default: ${SCHEDULE_DEFAULTS.catch_up_spacing}`,
    }),
    expires_after: durationSchema().nullish().meta({
      description:
        'No attempt of an occurrence starts later than this after its execute_at; it fails instead',
    }),
    callback: callbackConfigSchema,
    retry: retryPolicySchema.nullish(),
    metadata: jsonValueSchema(LIMITS.metadataBytes)
      .optional()
      .meta({ description: 'Stored with the schedule and with its occurrences; never sent to the receiver' }),
    pause_after_failures: z
      .int()
      .min(1)
      .max(LIMITS.pauseAfterFailures)
      .nullish()
      .meta({ description: 'The schedule pauses when this many occurrences in a row have failed' }),
  })
  .superRefine(checkScheduleTiming, runOnInvalidFields)
  .superRefine(checkReservedHeaders, runOnInvalidFields)
  .meta({ id: 'PutScheduleRequest', examples: [EXAMPLE_PUT_SCHEDULE_REQUEST] });
export type PutScheduleRequest = z.infer<typeof putScheduleRequestSchema>;

/** Body of `POST /schedules/preview`: the timing of a schedule, which is not stored. */
export const previewScheduleRequestSchema = z
  .strictObject({
    ...scheduleTimingFields,
    from: dateTime.nullish().meta({ description: 'Occurrences after this instant. Default: now' }),
    count: z
      .int()
      .min(1)
      .max(LIMITS.previewOccurrences)
      .default(10)
      .meta({ description: 'Maximum number of occurrences' }),
  })
  .superRefine(checkScheduleTiming, runOnInvalidFields)
  .meta({ id: 'PreviewScheduleRequest', examples: [EXAMPLE_PREVIEW_REQUEST] });
export type PreviewScheduleRequest = z.infer<typeof previewScheduleRequestSchema>;

/** `:key` in the path of a schedule. */
export const scheduleParamsSchema = z.strictObject({ key: scheduleKeySchema });

/** Body of `POST /schedules/:key/pause`. */
export const pauseScheduleRequestSchema = z
  .strictObject({
    note: noteSchema.nullish().meta({ description: 'Why, for people' }),
    until: dateTime.nullish().meta({ description: 'The schedule resumes by itself at this instant' }),
  })
  .meta({ id: 'PauseScheduleRequest', examples: [EXAMPLE_PAUSE_REQUEST] });
export type PauseScheduleRequest = z.infer<typeof pauseScheduleRequestSchema>;

/** Body of `POST /schedules/:key/resume`. */
export const resumeScheduleRequestSchema = z
  .strictObject({
    catch_up: z.enum(CATCH_UPS).default('none').meta({
      description: 'Which occurrences of the time in which the schedule was paused are made up for',
    }),
  })
  .meta({ id: 'ResumeScheduleRequest' });
export type ResumeScheduleRequest = z.infer<typeof resumeScheduleRequestSchema>;

/** Body of `POST /schedules/:key/trigger`. */
export const triggerScheduleRequestSchema = z.strictObject({}).meta({ id: 'TriggerScheduleRequest' });
export type TriggerScheduleRequest = z.infer<typeof triggerScheduleRequestSchema>;

/** Body of `POST /schedules/:key/backfill`: creates the occurrences of a time in the past that do not exist. */
export const backfillScheduleRequestSchema = z
  .strictObject({
    from: dateTime.meta({ description: 'Occurrences at or after this instant' }),
    to: dateTime.meta({
      description: 'Occurrences at or before this instant; later ones than now are left to the schedule',
    }),
    spacing: spacing
      .nullish()
      .meta({ description: 'Time between the occurrences. Default: catch_up_spacing of the schedule' }),
    dry_run: z.boolean().default(false).meta({ description: 'If true, only counts the occurrences' }),
  })
  .superRefine(({ from, to }: { readonly from?: unknown; readonly to?: unknown }, context) => {
    if (typeof from === 'string' && typeof to === 'string' && Date.parse(to) < Date.parse(from))
      context.addIssue({ code: 'custom', path: ['to'], message: 'must not be before from' });
  }, runOnInvalidFields)
  .meta({ id: 'BackfillScheduleRequest', examples: [EXAMPLE_BACKFILL_REQUEST] });
export type BackfillScheduleRequest = z.infer<typeof backfillScheduleRequestSchema>;

const cursor = z
  .string()
  .min(1)
  .max(1_024)
  .optional()
  .meta({ description: 'next_cursor of the previous page' });

/** Query of `GET /schedules`. */
export const listSchedulesQuerySchema = z.strictObject({
  limit: queryInteger(1, LIMITS.pageSize, 50),
  cursor,
  prefix: scheduleKeySchema.optional().meta({ description: 'Only schedules whose key starts with this' }),
  paused: z
    .preprocess(
      (value) => (value === 'true' ? true : value === 'false' ? false : value),
      z.boolean({ error: 'must be true or false' }).optional(),
    )
    .meta({ description: 'Only schedules that are paused, or that are not' }),
});
export type ListSchedulesQuery = z.infer<typeof listSchedulesQuerySchema>;

/** Query of `GET /schedules/:key/occurrences`. */
export const listOccurrencesQuerySchema = z.strictObject({
  limit: queryInteger(1, LIMITS.pageSize, 50),
  cursor,
});
export type ListOccurrencesQuery = z.infer<typeof listOccurrencesQuerySchema>;
