import type { DueScheduleRow, HeaderKeys, NewOccurrence, ScheduleDecision } from '@timer-platform/database';
import { occurrenceHeadersToStore, type PlainHeaders, scheduleHeaders } from './occurrence-headers.ts';
import { occurrenceId } from './occurrence-id.ts';
import { type PlanLimits, type PlannedOccurrence, planOccurrences } from './plan-occurrences.ts';
import { readSchedule } from './read-schedule.ts';
import type { compileRecurrence } from './recurrence/index.ts';

export interface DecideOptions {
  readonly compile: typeof compileRecurrence;
  readonly headerKeys: HeaderKeys;
  /** Version of the time zone data of this process. */
  readonly timeZoneData: string;
  readonly limits: PlanLimits;
}

/** What follows for a schedule that was read. */
export type ScheduleStep =
  | { readonly kind: 'write'; readonly decision: ScheduleDecision }
  | { readonly kind: 'pause'; readonly reason: 'failures' | 'unreadable'; readonly note: string }
  /** This process lacks the key of the headers, another one may have it: look again a little later. */
  | { readonly kind: 'postpone'; readonly decision: ScheduleDecision; readonly problem: string };

/** The callbacks that one plan may store, in bytes. One is stored whatever its size. */
const MAX_PLAN_BYTES = 8 * 1_048_576;
/** How long a schedule is left alone whose headers this process cannot decrypt. */
const POSTPONE_MS = 5_000;

function toNewOccurrence(
  row: DueScheduleRow,
  headers: PlainHeaders,
  occurrence: PlannedOccurrence,
  keys: HeaderKeys,
): NewOccurrence {
  const { scheduledForMs, executeAtMs, origin } = occurrence;
  const id = occurrenceId(row.id, scheduledForMs);
  return {
    id,
    scheduledForMs,
    executeAtMs,
    origin,
    headers: occurrenceHeadersToStore(id, headers, { key: row.key, ...occurrence }, keys),
  };
}

function limitsFor(row: DueScheduleRow, limits: PlanLimits): PlanLimits {
  const byBytes = Math.floor(MAX_PLAN_BYTES / Math.max(1, row.bytes));
  return { ...limits, maxCreate: Math.max(1, Math.min(limits.maxCreate, byBytes)) };
}

/** The decision that leaves everything as it is, until `materializeMs`. */
function unchanged(row: DueScheduleRow, materializeMs: number | null): ScheduleDecision {
  const { resumedAtMs, resumeCatchUp } = row;
  return {
    id: row.id,
    fence: row.fence,
    occurrences: [],
    skips: [],
    cancelPrevious: false,
    unpause: false,
    cursorMs: row.cursorMs,
    nextMs: row.nextMs,
    materializeMs,
    bufferedForMs: row.bufferedForMs,
    catchUpUntilMs: row.catchUpUntilMs,
    skippingFromMs: row.skippingFromMs,
    resumed: resumedAtMs === null ? null : { atMs: resumedAtMs, catchUp: resumeCatchUp ?? 'none' },
    timeZoneData: null,
  };
}

/**
 * Decides about one schedule that is due: what a pass writes, or why it is paused. Pure, but for the random bytes of
 * encrypted headers.
 */
export function decideSchedule(row: DueScheduleRow, options: DecideOptions): ScheduleStep {
  const { compile, headerKeys, timeZoneData, limits } = options;
  const { nowMs, pausedUntilMs } = row;
  if (row.isPaused && (pausedUntilMs === null || pausedUntilMs > nowMs))
    return { kind: 'write', decision: unchanged(row, pausedUntilMs) };
  if (row.hasFailed)
    return { kind: 'pause', reason: 'failures', note: 'the last occurrences have all failed' };
  const read = readSchedule(row);
  if (!read.ok) return { kind: 'pause', reason: 'unreadable', note: read.problem };
  const { planned, spec } = read.schedule;
  const compiled = compile(spec);
  if (!compiled.ok) {
    const [issue] = compiled.issues;
    return {
      kind: 'pause',
      reason: 'unreadable',
      note: `${issue?.path ?? 'recurrence'}: ${issue?.message ?? 'invalid'}`,
    };
  }
  const headers = scheduleHeaders(row.id, row.headers, headerKeys);
  if ('problem' in headers)
    return { kind: 'postpone', decision: unchanged(row, nowMs + POSTPONE_MS), problem: headers.problem };
  const { unfinished } = row;
  const plan = planOccurrences(planned, compiled.recurrence, nowMs, { unfinished }, limitsFor(row, limits));
  return {
    kind: 'write',
    decision: {
      id: row.id,
      fence: row.fence,
      occurrences: plan.create.map((occurrence) =>
        toNewOccurrence(row, headers.headers, occurrence, headerKeys),
      ),
      skips: plan.skips,
      cancelPrevious: plan.cancelPrevious,
      unpause: row.isPaused,
      cursorMs: plan.cursorMs,
      nextMs: plan.nextMs,
      materializeMs: plan.materializeMs,
      bufferedForMs: plan.bufferedForMs,
      catchUpUntilMs: plan.catchUpUntilMs,
      skippingFromMs: plan.skippingFromMs,
      resumed: plan.resumed,
      timeZoneData: spec.cron === undefined ? null : timeZoneData,
    },
  };
}
