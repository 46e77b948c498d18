import { BREAKER_STATES, type BreakerState, type Destination } from '@timer-platform/callback-types';
import type {
  DestinationSettingsRow,
  DispatcherRow,
  PausedTimers,
  ReportedDestination,
} from '@timer-platform/database';

/** Older reports do not say what happens now, in milliseconds. */
const FRESH_REPORT_MS = 10_000;

/** What is known about destinations. */
export interface DestinationParts {
  readonly settings: readonly DestinationSettingsRow[];
  readonly dispatchers: readonly DispatcherRow[];
  readonly pausedTimers: readonly PausedTimers[];
  /** Of the timers that wait for a destination, as of the last ANALYZE. */
  readonly estimates: ReadonlyMap<string, number>;
}

function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** What fresh reports say about each destination. */
export function freshReports(rows: readonly DispatcherRow[]): ReadonlyMap<string, ReportedDestination[]> {
  const found = new Map<string, ReportedDestination[]>();
  for (const { report, reportedMs, nowMs } of rows) {
    if (report === null || reportedMs === null || nowMs - reportedMs > FRESH_REPORT_MS) continue;
    for (const destination of report.destinations) {
      const known = found.get(destination.destination);
      if (known === undefined) found.set(destination.destination, [destination]);
      else known.push(destination);
    }
  }
  return found;
}

/** The worst state of several circuit breakers, and until when the last of them is open. */
export function worstBreaker(reports: readonly ReportedDestination[]): {
  readonly breaker: BreakerState;
  readonly breaker_open_until: string | null;
} {
  const worst = Math.max(0, ...reports.map(({ breaker }) => BREAKER_STATES.indexOf(breaker)));
  const until = reports
    .flatMap(({ breaker, open_until }) =>
      breaker === 'open' && open_until !== null ? [Date.parse(open_until)] : [],
    )
    .reduce((latest, ms) => Math.max(latest, ms), Number.NEGATIVE_INFINITY);
  return {
    breaker: BREAKER_STATES[worst] ?? 'closed',
    breaker_open_until: Number.isFinite(until) ? instant(until) : null,
  };
}

function largest(values: readonly (number | null)[]): number | null {
  return values.reduce(
    (most, value) => (value === null || (most !== null && most >= value) ? most : value),
    null,
  );
}

function lastFailure(reports: readonly ReportedDestination[]): Destination['last_failure'] {
  const failures = reports.flatMap(({ last_failure: failure }) => (failure === null ? [] : [failure]));
  const [latest] = failures.sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  return latest === undefined ? null : { at: new Date(latest.at).toISOString(), error: latest.error };
}

/** What all dispatchers do there together. */
function activityOf(reports: readonly ReportedDestination[]) {
  const total = (field: 'in_flight' | 'waiting' | 'attempts_per_minute' | 'failures_per_minute'): number =>
    reports.reduce((sum, report) => sum + report[field], 0);
  return {
    ...worstBreaker(reports),
    in_flight: total('in_flight'),
    waiting: total('waiting'),
    attempts_per_minute: total('attempts_per_minute'),
    failures_per_minute: total('failures_per_minute'),
    duration_p50_ms: largest(reports.map(({ p50_ms: ms }) => ms)),
    duration_p99_ms: largest(reports.map(({ p99_ms: ms }) => ms)),
    last_failure: lastFailure(reports),
    dispatchers: reports.length,
  };
}

function waitingOf(paused: PausedTimers | undefined, estimate: number | undefined) {
  const { waiting = 0, more = false } = paused ?? {};
  return {
    waiting_paused: more ? Math.max(waiting, Math.round(estimate ?? 0)) : waiting,
    waiting_paused_estimated: more,
  };
}

function destinationOf(
  name: string,
  row: DestinationSettingsRow | undefined,
  waiting: ReturnType<typeof waitingOf>,
  reports: readonly ReportedDestination[],
): Destination {
  return {
    destination: name,
    paused_at: instant(row?.pausedMs ?? null),
    pause_note: row?.pauseNote ?? null,
    rate_per_second: row?.ratePerSecond ?? null,
    max_in_flight: row?.maxInFlight ?? null,
    updated_at: instant(row?.updatedMs ?? null),
    updated_by: row?.updatedBy ?? null,
    ...waiting,
    ...activityOf(reports),
  };
}

/** Destinations with these names from everything that is known about them. */
function merge(names: Iterable<string>, parts: DestinationParts, reports = freshReports(parts.dispatchers)) {
  const settings = new Map(parts.settings.map((row) => [row.destination, row]));
  const paused = new Map(parts.pausedTimers.map((row) => [row.destination, row]));
  return Array.from(names, (name) => {
    const waiting = waitingOf(paused.get(name), parts.estimates.get(name));
    return destinationOf(name, settings.get(name), waiting, reports.get(name) ?? []);
  });
}

/** One destination. One of which nothing is known has no settings, and nothing happens there. */
export function mergeDestination(name: string, parts: DestinationParts): Destination {
  const [destination] = merge([name], parts);
  if (destination === undefined) throw new Error('one name gives one destination');
  return destination;
}

/** Every destination with settings or in a fresh report, in the order of their names. */
export function mergeDestinations(parts: DestinationParts): Destination[] {
  const reports = freshReports(parts.dispatchers);
  const names = new Set([...parts.settings.map(({ destination }) => destination), ...reports.keys()]);
  return merge([...names].sort(), parts, reports);
}
