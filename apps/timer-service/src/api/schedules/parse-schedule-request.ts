import {
  parseDuration,
  type PreviewScheduleRequest,
  type PutScheduleRequest,
  SCHEDULE_DEFAULTS,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import type { ScheduleContent } from '@timer-platform/database';
import { compileRecurrence, type Recurrence, type RecurrenceSpec } from '../../schedules/recurrence/index.ts';
import type { CallbackCheck } from '../api-context.ts';
import { INSTANT_RANGE, normalizeInstant } from '../timers/normalize-instant.ts';
import { validateCallback } from '../timers/parse-timer-request.ts';

type TimingFields =
  'cron' | 'every' | 'phase' | 'time_zone' | 'exclude' | 'start_at' | 'end_at' | 'max_occurrences';
type Timing = Pick<PutScheduleRequest, TimingFields>;

function instantOf(text: string | null | undefined, path: string, issues: ValidationIssue[]): string | null {
  if (text === null || text === undefined) return null;
  const instant = normalizeInstant(text);
  if (instant === undefined) issues.push({ path, message: INSTANT_RANGE });
  return instant ?? null;
}

/** Milliseconds of a duration that the contract has checked. */
function ms(text: string): number {
  return parseDuration(text) ?? 0;
}

function optionalMs(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : ms(text);
}

type TimingContent = Pick<
  ScheduleContent,
  'recurrence' | 'timeZone' | 'startAt' | 'endAt' | 'maxOccurrences'
>;

function timingContent(request: Timing, issues: ValidationIssue[]): TimingContent {
  const { cron, every, phase, time_zone, exclude, start_at, end_at, max_occurrences } = request;
  const excluded = exclude ?? [];
  const recurrence =
    every === null || every === undefined
      ? { cron: [cron ?? []].flat(), exclude: excluded }
      : { every_ms: ms(every), phase_ms: ms(phase ?? SCHEDULE_DEFAULTS.phase), exclude: excluded };
  return {
    recurrence,
    timeZone: time_zone ?? SCHEDULE_DEFAULTS.time_zone,
    startAt: instantOf(start_at, 'start_at', issues),
    endAt: instantOf(end_at, 'end_at', issues),
    maxOccurrences: max_occurrences ?? null,
  };
}

function specOf({ recurrence, timeZone, startAt, endAt }: TimingContent): RecurrenceSpec {
  return {
    ...('cron' in recurrence
      ? { cron: recurrence.cron }
      : { everyMs: recurrence.every_ms, phaseMs: recurrence.phase_ms }),
    exclude: recurrence.exclude,
    timeZone,
    ...(startAt !== null && { startAtMs: Date.parse(startAt) }),
    ...(endAt !== null && { endAtMs: Date.parse(endAt) }),
  };
}

/** Makes a request field that is not destructured below a compile error, so that no new field is dropped silently. */
type NoFields = Record<string, never>;

/** Converts a request to store a schedule. Adds its issues; with any, the result must not be used. */
export function parseScheduleRequest(
  request: PutScheduleRequest,
  issues: ValidationIssue[],
  checkCallback: CallbackCheck,
): ScheduleContent {
  const { cron, every, phase, time_zone, exclude, start_at, end_at, max_occurrences, ...content } = request;
  const timing = timingContent(
    { cron, every, phase, time_zone, exclude, start_at, end_at, max_occurrences },
    issues,
  );
  const compiled = compileRecurrence(specOf(timing));
  if (!compiled.ok) issues.push(...compiled.issues);
  const { callback, jitter, overlap, catch_up, catch_up_window, catch_up_spacing, ...more } = content;
  const { expires_after, retry, metadata, pause_after_failures, ...unhandled } = more;
  unhandled satisfies NoFields;
  validateCallback(callback, { prefix: '', issues, checkCallback });
  return {
    ...timing,
    jitterMs: optionalMs(jitter) || null,
    overlap: overlap ?? SCHEDULE_DEFAULTS.overlap,
    catchUp: catch_up ?? SCHEDULE_DEFAULTS.catch_up,
    catchUpWindowMs: ms(catch_up_window ?? SCHEDULE_DEFAULTS.catch_up_window),
    catchUpSpacingMs: ms(catch_up_spacing ?? SCHEDULE_DEFAULTS.catch_up_spacing),
    expiresAfterMs: optionalMs(expires_after),
    callback,
    retry: retry ?? null,
    metadata: metadata ?? null,
    pauseAfterFailures: pause_after_failures ?? null,
  };
}

/** Compiles the timing of a request that is not stored. Adds its issues; undefined with any. */
export function parsePreviewRequest(
  request: PreviewScheduleRequest,
  issues: ValidationIssue[],
): Recurrence | undefined {
  const compiled = compileRecurrence(specOf(timingContent(request, issues)));
  if (compiled.ok) return compiled.recurrence;
  issues.push(...compiled.issues);
  return undefined;
}
