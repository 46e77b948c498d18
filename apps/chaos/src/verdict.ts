import type { CallbackType } from '@timer-platform/callback-types';
import type { Arrival, LoggedTimer } from './delivery-log.ts';

/** The time during which a fault was in effect. Instants are in Unix milliseconds. */
export interface FaultInterval {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** What was impossible in this time: no delivery by HTTP, none by NATS, or none at all. */
  readonly outage: 'none' | CallbackType | 'all';
}

/** An attempt that the service recorded as failed. */
export interface FailedAttempt {
  readonly timerId: string;
  readonly startedMs: number;
  readonly finishedMs: number;
}

export interface Verdict {
  readonly accepted: number;
  readonly delivered: number;
  readonly canceled: number;
  /** Ids of accepted timers that were neither canceled nor delivered. */
  readonly lost: readonly string[];
  /** Ids of timers that arrived before they were due. */
  readonly early: readonly string[];
  /** Ids of timers that arrived after their cancellation was confirmed. */
  readonly canceledButFired: readonly string[];
  /** Ids of timers that arrived with old values after an update was confirmed. */
  readonly outdated: readonly string[];
  /** Ids of timers that arrived under a message id that is not theirs, or with two versions under one message id. */
  readonly wrongMessageIds: readonly string[];
  /** Number of repeated deliveries that a fault explains. */
  readonly explainedDuplicates: number;
  /** Ids of timers with a repeated delivery that no fault explains. */
  readonly unexplainedDuplicates: readonly string[];
  /**
   * The greatest lateness of a timer in milliseconds, without the time in which its delivery was impossible: how long it
   * took to rescue the claims of a dead dispatcher, or to retry after an outage.
   */
  readonly longestRecoveryMs: number;
}

/** A delivery is settled and flushed to disk within this time; a fault in between may undo that. */
const SETTLED_WITHIN_MS = 2_000;

function isExplained(
  { id }: LoggedTimer,
  first: Arrival,
  faultIntervals: readonly FaultInterval[],
  failed: readonly FailedAttempt[],
): boolean {
  const fromMs = first.arrivedMs;
  const toMs = fromMs + SETTLED_WITHIN_MS;
  return (
    faultIntervals.some((interval) => interval.fromMs <= toMs && interval.toMs >= fromMs) ||
    // The attempt timed out although the receiver had accepted the callback.
    failed.some(
      (attempt) => attempt.timerId === id && attempt.startedMs <= fromMs && attempt.finishedMs >= fromMs,
    )
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

function recoveryOf(timer: LoggedTimer, faultIntervals: readonly FaultInterval[]): number {
  const first = timer.arrivals.find(({ acknowledged }) => acknowledged);
  if (first === undefined) return 0;
  const due = timer.versions.find(({ version }) => version === first.version)?.executeAtMs ?? first.arrivedMs;
  return first.arrivedMs - due - outageWithin(due, first.arrivedMs, timer.type, faultIntervals);
}

/** Arrivals are rounded down to whole milliseconds: one in the millisecond of the due instant is not early. */
function isEarly({ versions }: LoggedTimer, { version, arrivedMs }: Arrival): boolean {
  const due = versions.find((known) => known.version === version)?.executeAtMs ?? Number.POSITIVE_INFINITY;
  return arrivedMs + 1 <= due;
}

function isOutdated({ versions }: LoggedTimer, { version, arrivedMs }: Arrival): boolean {
  return versions.some(
    (later) => later.version > version && later.confirmedMs !== undefined && later.confirmedMs < arrivedMs,
  );
}

/** A receiver that has seen a message id must not take another version of the timer for a repetition. */
function hasWrongMessageId({ id, arrivals }: LoggedTimer, { messageId, version }: Arrival): boolean {
  const isOwn = messageId === id || messageId.startsWith(`${id}-`);
  return !isOwn || arrivals.some((other) => other.messageId === messageId && other.version !== version);
}

/** Judges a run by what the service confirmed and what arrived. */
export function judge(
  timers: readonly LoggedTimer[],
  faultIntervals: readonly FaultInterval[],
  failed: readonly FailedAttempt[],
): Verdict {
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
      if (isExplained(timer, arrival, faultIntervals, failed)) explainedDuplicates += 1;
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
    early: idsWhere(isEarly),
    canceledButFired: idsWhere(
      ({ canceledMs }, { arrivedMs }) => canceledMs !== undefined && arrivedMs > canceledMs,
    ),
    outdated: idsWhere(isOutdated),
    wrongMessageIds: idsWhere(hasWrongMessageId),
    explainedDuplicates,
    unexplainedDuplicates,
    longestRecoveryMs: Math.max(0, ...sorted.map((timer) => recoveryOf(timer, faultIntervals))),
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
