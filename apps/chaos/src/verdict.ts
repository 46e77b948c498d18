import type { CallbackType } from '@timer-platform/callback-types';
import type { Arrival, LoggedTimer, TimerVersion } from './delivery-log.ts';
import { SteppedClock } from './stepped-clock.ts';

/** The time during which a fault was in effect. Instants are in Unix milliseconds. */
export interface FaultInterval {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** What was impossible in this time: no delivery by HTTP, none by NATS, or none at all. */
  readonly outage: 'none' | CallbackType | 'all';
}

/** An attempt that the service recorded as failed, by the clock of PostgreSQL. */
export interface FailedAttempt {
  readonly timerId: string;
  readonly number: number;
  readonly startedMs: number;
  readonly finishedMs: number;
}

/** What a run is judged by besides its timers. */
export interface Evidence {
  readonly faultIntervals: readonly FaultInterval[];
  readonly failedAttempts: readonly FailedAttempt[];
  /** That of PostgreSQL. By default, it is the clock of this machine. */
  readonly clock?: SteppedClock;
  /**
   * Until when the clock of PostgreSQL made timers wait that it has already shown to be due, by id: a retry that was
   * scheduled before it was set back.
   */
  readonly postponed?: ReadonlyMap<string, number>;
}

export interface Verdict {
  readonly accepted: number;
  readonly delivered: number;
  readonly canceled: number;
  /** Ids of accepted timers that were neither canceled nor delivered. */
  readonly lost: readonly string[];
  /** Ids of timers that arrived before they were due by the clock of PostgreSQL, as it was and as dispatchers could know it. */
  readonly early: readonly string[];
  /** Ids of timers that were sent after their cancellation was confirmed. */
  readonly canceledButFired: readonly string[];
  /** Ids of timers that were sent with old values after an update was confirmed. */
  readonly outdated: readonly string[];
  /** Ids of timers that arrived under a message id that is not theirs, or with two versions under one message id. */
  readonly wrongMessageIds: readonly string[];
  /** Number of repeated deliveries that a fault explains. */
  readonly explainedDuplicates: number;
  /** Ids of timers with a repeated delivery that no fault explains. */
  readonly unexplainedDuplicates: readonly string[];
  /**
   * The greatest lateness of a timer in milliseconds, without the time in which its delivery was impossible: how long it
   * took to rescue the claims of a dead dispatcher, or to retry after an outage. Only the time counts in which it was due
   * by the clock of PostgreSQL: after that is set back, a timer waits longer.
   */
  readonly longestRecoveryMs: number;
}

/** A delivery is settled and flushed to disk within this time; a fault in between may undo that. */
const SETTLED_WITHIN_MS = 2_000;

/** A server may store a message so long after its attempt has timed out. */
const STORED_WITHIN_MS = 10_000;

/**
 * Dispatchers read the clock of PostgreSQL with every claim and hold timers for a quarter of a second: those that they
 * hold when it is set back may start by the old clock. The rest allows for a busy machine.
 */
const CLOCK_KNOWN_WITHIN_MS = 1_000;

/**
 * The record of the attempt that sent an arrival, if it timed out although the receiver got the callback. A busy receiver
 * reads a request seconds after that, in an extreme case after a minute: the kernel delivers what was written.
 */
function failedAttemptOf(
  { id }: LoggedTimer,
  { attempt, startedSeconds, arrivedMs }: Arrival,
  { failedAttempts, clock }: Required<Evidence>,
): FailedAttempt | undefined {
  return failedAttempts.find(({ timerId, number, startedMs, finishedMs }) => {
    if (timerId !== id || number !== attempt) return false;
    return startedSeconds === undefined
      ? clock.mayHaveRead(arrivedMs, startedMs, finishedMs + STORED_WITHIN_MS)
      : startedSeconds === Math.floor(startedMs / 1_000);
  });
}

function isExplained(timer: LoggedTimer, arrival: Arrival, evidence: Required<Evidence>): boolean {
  const fromMs = arrival.arrivedMs;
  const toMs = fromMs + SETTLED_WITHIN_MS;
  return (
    evidence.faultIntervals.some((interval) => interval.fromMs <= toMs && interval.toMs >= fromMs) ||
    failedAttemptOf(timer, arrival, evidence) !== undefined
  );
}

/** Whether a callback was sent after the service had confirmed a change of its timer. */
function isSentAfter(
  confirmedMs: number,
  timer: LoggedTimer,
  arrival: Arrival,
  evidence: Required<Evidence>,
): boolean {
  if (arrival.arrivedMs <= confirmedMs) return false;
  const attempt = failedAttemptOf(timer, arrival, evidence);
  return (
    attempt === undefined ||
    !evidence.clock.mayHaveRead(confirmedMs, attempt.finishedMs, Number.POSITIVE_INFINITY)
  );
}

/** Returns for how many milliseconds of a span an outage was in effect. Overlapping outages count once. */
export function outageWithin(
  fromMs: number,
  toMs: number,
  type: LoggedTimer['type'],
  faultIntervals: readonly FaultInterval[],
): number {
  let total = 0;
  let countedToMs = fromMs;
  for (const { outage, ...span } of [...faultIntervals].sort((a, b) => a.fromMs - b.fromMs)) {
    if (outage !== 'all' && outage !== type) continue;
    const start = Math.max(span.fromMs, countedToMs);
    const end = Math.min(span.toMs, toMs);
    if (end <= start) continue;
    total += end - start;
    countedToMs = end;
  }
  return total;
}

function versionOf({ versions }: LoggedTimer, { version }: Arrival): TimerVersion | undefined {
  return versions.find((known) => known.version === version);
}

function recoveryOf(timer: LoggedTimer, { faultIntervals, clock, postponed }: Required<Evidence>): number {
  const first = timer.arrivals.find(({ acknowledged }) => acknowledged);
  const version = first === undefined ? undefined : versionOf(timer, first);
  if (first === undefined || version === undefined) return 0;
  const due = Math.max(version.executeAtMs, postponed.get(timer.id) ?? Number.NEGATIVE_INFINITY);
  return clock
    .spansSince(due, version.requestedMs, first.arrivedMs)
    .reduce(
      (sum, { fromMs, toMs }) => sum + toMs - fromMs - outageWithin(fromMs, toMs, timer.type, faultIntervals),
      0,
    );
}

/**
 * Neither had the clock of PostgreSQL shown the due instant since the timer was stored, nor could a dispatcher that was
 * about to learn of a step believe so, now or when it started the attempt. Arrivals are rounded down to whole
 * milliseconds: one in the millisecond of the due instant is not early.
 */
function isEarly(timer: LoggedTimer, arrival: Arrival, { clock }: Required<Evidence>): boolean {
  const version = versionOf(timer, arrival);
  if (version === undefined) return true;
  const { arrivedMs, startedSeconds } = arrival;
  const { executeAtMs, requestedMs } = version;
  const latestMs = Math.max(
    clock.latestBelief(arrivedMs, CLOCK_KNOWN_WITHIN_MS),
    clock.latestReading(Math.min(requestedMs, arrivedMs), arrivedMs),
  );
  if (latestMs + 1 > executeAtMs) return false;
  if (startedSeconds === undefined || !clock.wasStepped) return true;
  const startedMs = {
    least: Math.max(startedSeconds * 1_000, executeAtMs),
    most: startedSeconds * 1_000 + 999,
  };
  return !(
    startedMs.least <= startedMs.most &&
    clock.mayHaveBelieved(startedMs.least, startedMs.most, arrivedMs, CLOCK_KNOWN_WITHIN_MS)
  );
}

function isOutdated(timer: LoggedTimer, arrival: Arrival, evidence: Required<Evidence>): boolean {
  return timer.versions.some(
    ({ version, confirmedMs }) =>
      version > arrival.version &&
      confirmedMs !== undefined &&
      isSentAfter(confirmedMs, timer, arrival, evidence),
  );
}

/** A receiver that has seen a message id must not take another version of the timer for a repetition. */
function hasWrongMessageId({ id, arrivals }: LoggedTimer, { messageId, version }: Arrival): boolean {
  const isOwn = messageId === id || messageId.startsWith(`${id}-`);
  return !isOwn || arrivals.some((other) => other.messageId === messageId && other.version !== version);
}

/** Judges a run by what the service confirmed and what arrived. */
export function judge(timers: readonly LoggedTimer[], given: Evidence): Verdict {
  const evidence = { clock: new SteppedClock(), postponed: new Map<string, number>(), ...given };
  const sorted = timers.map((timer) => ({
    ...timer,
    arrivals: [...timer.arrivals].sort((a, b) => a.arrivedMs - b.arrivedMs),
  }));
  const idsWhere = (holds: (timer: LoggedTimer, arrival: Arrival) => boolean): string[] =>
    sorted.filter((timer) => timer.arrivals.some((arrival) => holds(timer, arrival))).map(({ id }) => id);

  let explainedDuplicates = 0;
  const unexplainedDuplicates: string[] = [];
  for (const timer of sorted) {
    const acknowledged = timer.arrivals.filter((arrival) => arrival.acknowledged);
    acknowledged.slice(0, -1).forEach((arrival) => {
      if (isExplained(timer, arrival, evidence)) explainedDuplicates += 1;
      else unexplainedDuplicates.push(timer.id);
    });
  }
  return {
    accepted: timers.length,
    delivered: sorted.filter(({ arrivals }) => arrivals.some(({ acknowledged }) => acknowledged)).length,
    canceled: sorted.filter(({ canceledMs }) => canceledMs !== undefined).length,
    lost: sorted
      .filter(
        ({ canceledMs, arrivals }) =>
          canceledMs === undefined && !arrivals.some(({ acknowledged }) => acknowledged),
      )
      .map(({ id }) => id),
    early: idsWhere((timer, arrival) => isEarly(timer, arrival, evidence)),
    canceledButFired: idsWhere(
      (timer, arrival) =>
        timer.canceledMs !== undefined && isSentAfter(timer.canceledMs, timer, arrival, evidence),
    ),
    outdated: idsWhere((timer, arrival) => isOutdated(timer, arrival, evidence)),
    wrongMessageIds: idsWhere(hasWrongMessageId),
    explainedDuplicates,
    unexplainedDuplicates,
    longestRecoveryMs: Math.max(0, ...sorted.map((timer) => recoveryOf(timer, evidence))),
  };
}

/** Describes everything that must not happen; empty if the run has kept all guarantees. */
export function findProblems(verdict: Verdict, recoveryLimitMs: number): string[] {
  const problems: string[] = [];
  const expectNone = (what: string, ids: readonly string[]): void => {
    if (ids.length > 0) problems.push(`${ids.length} ${what}: ${ids.slice(0, 5).join(', ')}`);
  };
  expectNone('lost', verdict.lost);
  expectNone('early', verdict.early);
  expectNone('canceled but fired', verdict.canceledButFired);
  expectNone('fired with outdated values', verdict.outdated);
  expectNone('fired with a wrong message id', verdict.wrongMessageIds);
  expectNone('delivered again without a fault', verdict.unexplainedDuplicates);
  if (verdict.longestRecoveryMs > recoveryLimitMs)
    problems.push(
      `recovery took ${(verdict.longestRecoveryMs / 1_000).toFixed(1)} s, more than ${recoveryLimitMs / 1_000} s`,
    );
  return problems;
}

/** Combines the verdicts of several rounds. */
export function sumVerdicts(verdicts: readonly Verdict[]): Verdict {
  const count = (read: (verdict: Verdict) => number): number =>
    verdicts.reduce((sum, verdict) => sum + read(verdict), 0);
  const ids = (read: (verdict: Verdict) => readonly string[]): string[] => verdicts.flatMap(read);
  return {
    accepted: count(({ accepted }) => accepted),
    delivered: count(({ delivered }) => delivered),
    canceled: count(({ canceled }) => canceled),
    lost: ids(({ lost }) => lost),
    early: ids(({ early }) => early),
    canceledButFired: ids(({ canceledButFired }) => canceledButFired),
    outdated: ids(({ outdated }) => outdated),
    wrongMessageIds: ids(({ wrongMessageIds }) => wrongMessageIds),
    explainedDuplicates: count(({ explainedDuplicates }) => explainedDuplicates),
    unexplainedDuplicates: ids(({ unexplainedDuplicates }) => unexplainedDuplicates),
    longestRecoveryMs: Math.max(0, ...verdicts.map(({ longestRecoveryMs }) => longestRecoveryMs)),
  };
}
