import type { Forecast, ForecastQuery } from '@timer-platform/callback-types';
import {
  countPendingByBucket,
  type Database,
  databaseNow,
  type ForecastRange,
  listForecastSchedules,
  type PendingGroup,
  sampledPercent,
  samplePendingByBucket,
} from '@timer-platform/database';
import type { Clock } from '../../../clock.ts';
import { validationError } from '../../http/api-error.ts';
import type { CountsReader } from '../read-counts.ts';
import { type ForecastWindow, forecastWindow } from './forecast-window.ts';
import { mergeForecast } from './merge-forecast.ts';
import { countAllOccurrences } from './occurrence-counts.ts';

/** Pages of the table that are read first, and at most. */
const FIRST_PAGES = 1_000;
const MAX_PAGES = 4_000;
/** With fewer timers, the numbers of a bucket would say little. */
const ENOUGH_TIMERS = 3_000;
/** Of callbacks that are too large for a page. */
const ROWS_PER_PAGE = 40;
/** Bytes of callbacks that are read for their destinations. */
const MAX_CALLBACK_BYTES = 32 * 1_048_576;

/** What the timers beyond those that were counted look like. */
interface Sampled {
  readonly groups: readonly PendingGroup[];
  readonly percent: number;
}

function timersOf(groups: readonly PendingGroup[]): number {
  return groups.reduce((sum, { timers }) => sum + timers, 0);
}

/** How many times as many pages have enough timers, whose callbacks are not too large. */
function enlargement(found: number, callbackBytes: number): number {
  const wanted = Math.min(ENOUGH_TIMERS, MAX_CALLBACK_BYTES / Math.max(1, callbackBytes));
  return Math.min(MAX_PAGES / FIRST_PAGES, Math.floor(wanted / Math.max(1, found)));
}

async function sample(
  db: Database,
  range: ForecastRange,
  fromMs: number,
  callbackBytes: number,
): Promise<Sampled> {
  const pages = range.byDestination
    ? Math.min(FIRST_PAGES, Math.max(10, MAX_CALLBACK_BYTES / Math.max(1, callbackBytes) / ROWS_PER_PAGE))
    : FIRST_PAGES;
  const percent = await sampledPercent(db, pages);
  const groups = await samplePendingByBucket(db, range, fromMs, percent);
  const factor = percent >= 100 ? 1 : enlargement(timersOf(groups), range.byDestination ? callbackBytes : 0);
  if (factor < 2) return { groups, percent };
  const larger = Math.min(100, percent * factor);
  return { groups: await samplePendingByBucket(db, range, fromMs, larger), percent: larger };
}

async function pendingOf(db: Database, range: ForecastRange) {
  const counted = await countPendingByBucket(db, range);
  const { exactUntilMs, callbackBytes } = counted;
  if (exactUntilMs >= range.untilMs) return { counted, sampled: null };
  return { counted, sampled: await sample(db, range, exactUntilMs, callbackBytes ?? 0) };
}

async function occurrencesOf(db: Database, window: ForecastWindow, byDestination: boolean, clock: Clock) {
  const { schedules, total } = await listForecastSchedules(db, window.untilMs, byDestination);
  return countAllOccurrences(schedules, total, window, clock);
}

/**
 * Counts what becomes due, by bucket.
 *
 * @throws {ApiError} code 2 when the query asks for too much
 */
export async function readForecast(
  db: Database,
  query: ForecastQuery,
  readCounts: CountsReader,
  clock: Clock,
): Promise<Forecast> {
  const result = forecastWindow(query, await databaseNow(db));
  if ('issue' in result) throw validationError([result.issue]);
  const { window } = result;
  const byDestination = query.by === 'destination';
  const [{ counted, sampled }, occurrences, { counts, due }] = await Promise.all([
    pendingOf(db, { ...window, byDestination }),
    occurrencesOf(db, window, byDestination, clock),
    readCounts(),
  ]);
  return mergeForecast({
    window,
    counted,
    sampled,
    occurrences,
    overdue: due,
    paused: counts.paused,
    byDestination,
  });
}
