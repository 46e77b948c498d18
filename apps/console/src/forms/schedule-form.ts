import type {
  JsonValue,
  PreviewScheduleRequest,
  PutScheduleRequest,
  Schedule,
  ScheduleSummary,
} from '@timer-platform/callback-types';
import { formatJson } from '../lib/json-text.ts';
import { type LocalTime, localTimeOf, NO_TIME } from '../lib/zoned-time.ts';
import { type CallbackForm, callbackOf, EMPTY_CALLBACK, formOfCallback } from './callback-form.ts';
import { below, type FormResult } from './problems.ts';
import { FieldReader, listOf, present } from './read-fields.ts';
import { DEFAULT_RETRY, formOfRetry, type RetryForm, retryOf } from './retry-form.ts';

/** When the occurrences are, as it was typed. */
export interface TimingForm {
  readonly kind: 'cron' | 'every';
  /** One expression a line. */
  readonly cron: string;
  readonly every: string;
  readonly phase: string;
  /** IANA name. */
  readonly timeZone: string;
  /** One exclusion a line. */
  readonly exclude: string;
  /** On the clocks of `timeZone`. */
  readonly startAt: LocalTime;
  readonly endAt: LocalTime;
  readonly maxOccurrences: string;
}

/** A schedule as it was typed. */
export interface ScheduleForm {
  readonly key: string;
  readonly timing: TimingForm;
  readonly jitter: string;
  readonly overlap: ScheduleSummary['overlap'];
  readonly catchUp: ScheduleSummary['catch_up'];
  readonly catchUpWindow: string;
  readonly catchUpSpacing: string;
  readonly expiresAfter: string;
  readonly pauseAfterFailures: string;
  readonly callback: CallbackForm;
  readonly retry: RetryForm;
  /** JSON; '': none. */
  readonly metadata: string;
}

export function emptySchedule(timeZone: string): ScheduleForm {
  return {
    key: '',
    timing: {
      kind: 'cron',
      cron: '0 9 * * MON-FRI',
      every: '1h',
      phase: '',
      timeZone,
      exclude: '',
      startAt: NO_TIME,
      endAt: NO_TIME,
      maxOccurrences: '',
    },
    jitter: '',
    overlap: 'allow',
    catchUp: 'latest',
    catchUpWindow: '',
    catchUpSpacing: '',
    expiresAfter: '',
    pauseAfterFailures: '',
    callback: EMPTY_CALLBACK,
    retry: DEFAULT_RETRY,
    metadata: '',
  };
}

/** The fields of a request that say when. */
export type TimingRequest = Omit<PreviewScheduleRequest, 'from' | 'count'>;

/** The timing of a request, for previews also. */
export function timingOf(form: TimingForm): FormResult<TimingRequest> {
  const read = new FieldReader();
  const exclude = listOf(form.exclude, /\n/);
  const cron = listOf(form.cron, /\n/);
  const byCron = form.kind === 'cron';
  const zone = form.timeZone.trim();
  // The service refuses a zone that has no effect.
  const hasZone = byCron || exclude.length > 0;
  const request = present({
    cron: byCron ? (cron.length === 1 ? cron[0] : cron) : undefined,
    every: byCron ? undefined : read.text(form.every),
    phase: byCron ? undefined : read.text(form.phase),
    time_zone: hasZone && zone !== '' ? zone : undefined,
    exclude: exclude.length === 0 ? undefined : exclude,
    start_at: read.instant('start_at', form.startAt, clocksOf(form)),
    end_at: read.instant('end_at', form.endAt, clocksOf(form)),
    max_occurrences: read.number('max_occurrences', form.maxOccurrences),
  });
  if (byCron && cron.length === 0) read.add('cron', 'is required');
  if (!byCron && request.every === undefined) read.add('every', 'is required');
  return { request, problems: read.problems };
}

/** The zone in which the first and the last instant of a timing are typed. */
export function clocksOf({ kind, exclude, timeZone }: TimingForm): string {
  return (kind === 'cron' || exclude.trim() !== '') && timeZone.trim() !== '' ? timeZone.trim() : 'UTC';
}

/** The body of `PUT /schedules/:key`. */
export function scheduleRequestOf(form: ScheduleForm): FormResult<PutScheduleRequest> {
  const read = new FieldReader();
  const timing = timingOf(form.timing);
  const callback = callbackOf(form.callback);
  const retry = retryOf(form.retry);
  const request: PutScheduleRequest = present({
    ...timing.request,
    jitter: read.text(form.jitter),
    overlap: form.overlap,
    catch_up: form.catchUp,
    catch_up_window: read.text(form.catchUpWindow),
    catch_up_spacing: read.text(form.catchUpSpacing),
    expires_after: read.text(form.expiresAfter),
    pause_after_failures: read.number('pause_after_failures', form.pauseAfterFailures),
    callback: callback.request,
    retry: retry.request,
    metadata: read.json('metadata', form.metadata) as JsonValue | undefined,
  });
  return {
    request,
    problems: [
      ...timing.problems,
      ...read.problems,
      ...below('callback', callback.problems),
      ...below('retry', retry.problems),
    ],
  };
}

/** The fields of a stored schedule. */
export function formOfSchedule(schedule: Schedule): ScheduleForm {
  return {
    key: schedule.key,
    timing: formOfTiming(schedule),
    jitter: unlessDefault(schedule.jitter, '0s'),
    overlap: schedule.overlap,
    catchUp: schedule.catch_up,
    catchUpWindow: unlessDefault(schedule.catch_up_window, '1d'),
    catchUpSpacing: unlessDefault(schedule.catch_up_spacing, '100ms'),
    expiresAfter: schedule.expires_after ?? '',
    pauseAfterFailures: String(schedule.pause_after_failures ?? ''),
    callback: formOfCallback(schedule.callback),
    retry: formOfRetry(schedule.retry),
    metadata: schedule.metadata === null ? '' : formatJson(schedule.metadata),
  };
}

function formOfTiming(schedule: ScheduleSummary): TimingForm {
  const zone = schedule.time_zone;
  const local = (instant: string | null) =>
    instant === null ? NO_TIME : localTimeOf(Date.parse(instant), zone);
  return {
    kind: schedule.every === null ? 'cron' : 'every',
    cron: schedule.cron?.join('\n') ?? '',
    every: schedule.every ?? '',
    phase: unlessDefault(schedule.phase ?? '', '0s'),
    timeZone: zone,
    exclude: schedule.exclude.join('\n'),
    startAt: local(schedule.start_at),
    endAt: local(schedule.end_at),
    maxOccurrences: String(schedule.max_occurrences ?? ''),
  };
}

function unlessDefault(text: string, byDefault: string): string {
  return text === byDefault ? '' : text;
}

/** The timing of a stored schedule, for its next occurrences; undefined if there are none. */
export function timingOfStored(schedule: ScheduleSummary): TimingRequest | undefined {
  if (schedule.cron === null && schedule.every === null) return undefined;
  const left = schedule.max_occurrences === null ? null : schedule.max_occurrences - schedule.occurrences;
  if (left !== null && left <= 0) return undefined;
  return {
    cron: schedule.cron,
    every: schedule.every,
    phase: schedule.every === null ? null : schedule.phase,
    time_zone: schedule.time_zone,
    exclude: schedule.exclude,
    start_at: schedule.start_at,
    end_at: schedule.end_at,
    max_occurrences: left,
  };
}
