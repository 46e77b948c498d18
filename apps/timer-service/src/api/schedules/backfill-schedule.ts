import {
  type BackfillScheduleRequest,
  LIMITS,
  parseDuration,
  type ScheduleBackfill,
} from '@timer-platform/callback-types';
import {
  countExistingOccurrences,
  insertOccurrences,
  type ScheduleKey,
  type ScheduleRow,
} from '@timer-platform/database';
import { occurrenceId } from '../../schedules/occurrence-id.ts';
import type { ApiContext } from '../api-context.ts';
import { errorOf, validationError } from '../http/api-error.ts';
import { normalizeInstant } from '../timers/normalize-instant.ts';
import { findOwnSchedule } from './find-own-schedule.ts';
import { occurrencesOf } from './occurrences-of.ts';
import { readableHeaders, requestedOccurrence } from './request-occurrences.ts';
import { storedRecurrence } from './stored-timing.ts';

/** Occurrences in one statement: at most this many, and with callbacks of at most so many bytes. */
const MAX_BATCH = 500;
const MAX_BATCH_BYTES = 16 * 1_048_576;

function issue(path: string, message: string): Error {
  return validationError([{ path, message }]);
}

function msOf(text: string, path: string): number {
  const instant = normalizeInstant(text);
  const ms = instant === undefined ? Number.NaN : Date.parse(instant);
  if (!(ms >= 0)) throw issue(path, 'must be in the years 1970 to 9999');
  return ms;
}

/**
 * The nominal instants of a schedule from `from` to `to`, both included.
 *
 * @throws {ApiError} code 2 when there are too many
 */
async function instantsBetween(
  row: ScheduleRow,
  fromMs: number,
  toMs: number,
  clock: ApiContext['clock'],
): Promise<number[]> {
  const recurrence = storedRecurrence(row);
  if (recurrence === undefined)
    throw issue('body', 'the schedule cannot be read by this version: store it again');
  const limit = LIMITS.backfillOccurrences;
  const range = { afterMs: fromMs - 1, untilMs: toMs, limit: limit + 1 };
  const instants = await occurrencesOf(recurrence, range, clock);
  if (instants.length <= limit) return instants;
  const last = new Date(instants[limit - 1] ?? fromMs).toISOString();
  const message = `more than ${limit} occurrences are in the range; the first ${limit} end at ${last}`;
  throw errorOf('too_many_occurrences', `to: ${message}`, { issues: [{ path: 'to', message }] });
}

function retentionWarning(
  finishedForMs: number | undefined,
  firstMs: number | undefined,
  nowMs: number,
): string | null {
  if (finishedForMs === undefined || firstMs === undefined || firstMs >= nowMs - finishedForMs) return null;
  const since = new Date(nowMs - finishedForMs).toISOString();
  return `finished timers are deleted after a time (RETENTION_DAYS): occurrences before ${since} that were delivered may be delivered again`;
}

/**
 * Stores the occurrences of a time in the past that do not exist, in several statements: after a failure in between, the
 * same request goes on.
 *
 * @throws {ApiError} code 3 when there is no such schedule, code 2 when the range has too many occurrences
 */
export async function backfillSchedule(
  context: ApiContext,
  key: ScheduleKey,
  request: BackfillScheduleRequest,
): Promise<ScheduleBackfill> {
  const row = await findOwnSchedule(context.db, key);
  const nowMs = row.now.getTime();
  const [fromMs, toMs] = [msOf(request.from, 'from'), msOf(request.to, 'to')];
  const instants = await instantsBetween(row, fromMs, Math.min(toMs, nowMs), context.clock);
  const spacingMs =
    typeof request.spacing === 'string' ? (parseDuration(request.spacing) ?? 0) : row.catch_up_spacing_ms;
  const ids = instants.map((at) => occurrenceId(row.id, at));
  const existing = await countExistingOccurrences(context.db, ids);
  const stored = request.dry_run
    ? { created: 0, stopped: null }
    : await store(context, row, instants, spacingMs);
  const iso = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  return {
    dry_run: request.dry_run,
    occurrences: instants.length,
    already_exist: existing,
    created: stored.created,
    first: iso(instants[0]),
    last: iso(instants.at(-1)),
    warning: stored.stopped ?? retentionWarning(context.finishedForMs, instants[0], nowMs),
  };
}

async function store(
  { db, headerKeys, wake }: ApiContext,
  row: ScheduleRow,
  instants: readonly number[],
  spacingMs: number,
): Promise<{ created: number; stopped: string | null }> {
  const headers = readableHeaders(row, headerKeys);
  const bytes = JSON.stringify(row.callback_config).length;
  const batchSize = Math.max(1, Math.min(MAX_BATCH, Math.floor(MAX_BATCH_BYTES / bytes)));
  const startMs = row.now.getTime();
  let created = 0;
  for (let start = 0; start < instants.length; start += batchSize) {
    const batch = instants.slice(start, start + batchSize).map((at, offset) =>
      requestedOccurrence(row, headers, headerKeys, {
        id: occurrenceId(row.id, at),
        scheduledForMs: at,
        executeAtMs: startMs + (start + offset) * spacingMs,
        origin: 'backfill',
      }),
    );
    const result = await insertOccurrences(db, row, 'backfill', batch);
    if (result.outcome !== 'inserted')
      return { created, stopped: 'the schedule was changed or paused meanwhile: the rest was not created' };
    created += result.occurrences.length;
    const dueMs = Math.min(...result.occurrences.map((each) => each.execute_at.getTime()));
    if (Number.isFinite(dueMs)) wake(dueMs);
  }
  return { created, stopped: null };
}
