import {
  type DispatcherReport,
  MAX_REPORTED_DESTINATIONS,
  type ReportedDestination,
  type SampledTimer,
} from '@timer-platform/database';
import type { DestinationLoad } from '../../dispatch/deliver/destination-limiter.ts';
import type { FinishedTimer, RetriedTimer } from '../../dispatch/observer.ts';
import type { DestinationRates } from './destination-activity.ts';

/** What stays the same while a process runs. */
export interface ProcessDescription {
  readonly name: string;
  readonly pid: number;
  /** The version of Node.js. */
  readonly node: string;
  /** The version of the timer service. */
  readonly service: string;
  readonly startedMs: number;
  readonly maxInFlight: number;
}

export interface ReportInput {
  readonly process: ProcessDescription;
  readonly load: {
    readonly inFlight: number;
    readonly queued: number;
    readonly waiting: number;
    readonly unsettled: number;
  };
  readonly problem: string | undefined;
  readonly loads: readonly DestinationLoad[];
  readonly names: Iterable<string>;
  readonly ratesOf: (destination: string) => DestinationRates;
  readonly sample: readonly (FinishedTimer | RetriedTimer)[];
  /** The same instant by both clocks. */
  readonly now: { readonly monotonicMs: number; readonly databaseMs: number };
}

/** Longer errors are cut: a report is written every second. */
const MAX_ERROR_CHARACTERS = 300;

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}

function cut(error: string): string {
  return error.slice(0, MAX_ERROR_CHARACTERS).toWellFormed();
}

function sampled(timer: FinishedTimer | RetriedTimer): SampledTimer {
  const { id, status, callbackType, destination, latenessMs, finishedMs, error } = timer;
  return {
    id,
    at: iso(finishedMs),
    status,
    callback_type: callbackType,
    destination,
    lateness_ms: roundedOrNull(latenessMs),
    error: error === null ? null : cut(error),
  };
}

function reported(
  load: DestinationLoad,
  rates: DestinationRates,
  { monotonicMs, databaseMs }: ReportInput['now'],
): ReportedDestination {
  const { name, inFlight, waiting, breaker, openUntilMs } = load;
  const { attemptsPerMinute, failuresPerMinute, p50Ms, p99Ms, lastFailure } = rates;
  return {
    destination: name,
    breaker,
    open_until: openUntilMs === undefined ? null : iso(databaseMs + openUntilMs - monotonicMs),
    in_flight: inFlight,
    waiting,
    attempts_per_minute: rounded(attemptsPerMinute),
    failures_per_minute: rounded(failuresPerMinute),
    p50_ms: roundedOrNull(p50Ms),
    p99_ms: roundedOrNull(p99Ms),
    last_failure:
      lastFailure === undefined ? null : { at: iso(lastFailure.atMs), error: cut(lastFailure.error) },
  };
}

/** What operators must see comes first: what is unavailable, then what has the most to do. */
function weight({ breaker, in_flight, waiting, attempts_per_minute }: ReportedDestination): number {
  return (breaker === 'closed' ? 0 : 1e9) + attempts_per_minute + 60 * (in_flight + waiting);
}

/** Puts together what a dispatcher writes about itself. */
export function buildReport(input: ReportInput): DispatcherReport {
  const { process, load, problem, loads, names, ratesOf, sample, now } = input;
  const known = new Map<string, DestinationLoad>();
  for (const name of names)
    known.set(name, { name, inFlight: 0, waiting: 0, breaker: 'closed', openUntilMs: undefined });
  for (const destination of loads) known.set(destination.name, destination);
  const destinations = [...known.values()]
    .map((destination) => reported(destination, ratesOf(destination.name), now))
    .sort((one, other) => weight(other) - weight(one))
    .slice(0, MAX_REPORTED_DESTINATIONS);
  return {
    version: 1,
    name: process.name,
    pid: process.pid,
    started_at: iso(process.startedMs),
    node: process.node,
    service: process.service,
    load: {
      in_flight: load.inFlight,
      held: load.queued,
      waiting: load.waiting,
      unsettled: load.unsettled,
      max_in_flight: process.maxInFlight,
    },
    problem: problem ?? null,
    destinations,
    sample: sample.map(sampled),
  };
}
