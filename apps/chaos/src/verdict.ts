import type { CallbackType } from '@timer-platform/callback-types';
import type { Arrival, LedgerEntry } from './ledger.ts';

/** Something that was done to the system. Instants are Unix milliseconds. */
export interface Disturbance {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** What nobody could do while it lasted: deliver by HTTP, by NATS, or anything. */
  readonly outage: 'none' | CallbackType | 'all';
}

/** An attempt that the service itself wrote down as failed. */
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
  /** Ids of timers that arrived after their cancel was confirmed. */
  readonly canceledButFired: readonly string[];
  /** Ids of timers that arrived with old values after an update was confirmed. */
  readonly outdated: readonly string[];
  /** Ids of timers that arrived under another message id than their own. */
  readonly foreignIds: readonly string[];
  /** Deliveries beyond the first that a disturbance explains. */
  readonly explainedDuplicates: number;
  /** Ids of timers that were delivered again without any. */
  readonly unexplainedDuplicates: readonly string[];
  /**
   * The longest that a timer was late beyond the time during which its delivery was impossible, in milliseconds: how long
   * its dispatcher's death went unnoticed, or how long after an outage it was tried again.
   */
  readonly longestRecoveryMs: number;
}

/** A delivery is settled this long after it at the latest; a server that is killed loses what it has not written yet. */
const SETTLED_WITHIN_MS = 2_000;

function isExplained(
  { id }: LedgerEntry,
  first: Arrival,
  disturbances: readonly Disturbance[],
  failed: readonly FailedAttempt[],
): boolean {
  const fromMs = first.arrivedMs;
  const toMs = fromMs + SETTLED_WITHIN_MS;
  return (
    disturbances.some((disturbance) => disturbance.fromMs <= toMs && disturbance.toMs >= fromMs) ||
    // The receiver was too slow for the time limit: the service could not know that it had arrived.
    failed.some(
      (attempt) => attempt.timerId === id && attempt.startedMs <= fromMs && attempt.finishedMs >= fromMs,
    )
  );
}

/** How much of a span of time outages take, each millisecond counted once. */
export function outageWithin(
  fromMs: number,
  toMs: number,
  type: LedgerEntry['type'],
  disturbances: readonly Disturbance[],
): number {
  let total = 0;
  let countedToMs = fromMs;
  for (const { outage, ...span } of [...disturbances].sort((a, b) => a.fromMs - b.fromMs)) {
    if (outage !== 'all' && outage !== type) continue;
    const start = Math.max(span.fromMs, countedToMs);
    const end = Math.min(span.toMs, toMs);
    if (end <= start) continue;
    total += end - start;
    countedToMs = end;
  }
  return total;
}

function recoveryOf(entry: LedgerEntry, disturbances: readonly Disturbance[]): number {
  const first = entry.arrivals.find(({ taken }) => taken);
  if (first === undefined) return 0;
  const due = entry.versions.find(({ version }) => version === first.version)?.executeAtMs ?? first.arrivedMs;
  return first.arrivedMs - due - outageWithin(due, first.arrivedMs, entry.type, disturbances);
}

/** Arrivals are told in whole milliseconds, rounded down: within its millisecond none is early. */
function isEarly({ versions }: LedgerEntry, { version, arrivedMs }: Arrival): boolean {
  const due = versions.find((one) => one.version === version)?.executeAtMs ?? Number.POSITIVE_INFINITY;
  return arrivedMs + 1 <= due;
}

function isOutdated({ versions }: LedgerEntry, { version, arrivedMs }: Arrival): boolean {
  return versions.some(
    (later) => later.version > version && later.confirmedMs !== undefined && later.confirmedMs < arrivedMs,
  );
}

/** Judges a run by what was promised and what arrived. */
export function judge(
  entries: readonly LedgerEntry[],
  disturbances: readonly Disturbance[],
  failed: readonly FailedAttempt[],
): Verdict {
  const sorted = entries.map((entry) => ({
    ...entry,
    arrivals: [...entry.arrivals].sort((a, b) => a.arrivedMs - b.arrivedMs),
  }));
  const idsWhere = (holds: (entry: LedgerEntry, arrival: Arrival) => boolean): string[] =>
    sorted.filter((entry) => entry.arrivals.some((arrival) => holds(entry, arrival))).map(({ id }) => id);

  let explainedDuplicates = 0;
  const unexplainedDuplicates: string[] = [];
  for (const entry of sorted) {
    const taken = entry.arrivals.filter((arrival) => arrival.taken);
    taken.slice(0, -1).forEach((arrival) => {
      if (isExplained(entry, arrival, disturbances, failed)) explainedDuplicates += 1;
      else unexplainedDuplicates.push(entry.id);
    });
  }
  return {
    accepted: entries.length,
    delivered: sorted.filter(({ arrivals }) => arrivals.some(({ taken }) => taken)).length,
    canceled: sorted.filter(({ canceledMs }) => canceledMs !== undefined).length,
    lost: sorted
      .filter(({ canceledMs, arrivals }) => canceledMs === undefined && !arrivals.some(({ taken }) => taken))
      .map(({ id }) => id),
    early: idsWhere(isEarly),
    canceledButFired: idsWhere(
      ({ canceledMs }, { arrivedMs }) => canceledMs !== undefined && arrivedMs > canceledMs,
    ),
    outdated: idsWhere(isOutdated),
    foreignIds: idsWhere(({ id }, { messageId }) => messageId !== id),
    explainedDuplicates,
    unexplainedDuplicates,
    longestRecoveryMs: Math.max(0, ...sorted.map((entry) => recoveryOf(entry, disturbances))),
  };
}

/** What must not happen, in words; empty: the run was right. */
export function faultsOf(verdict: Verdict, recoveryLimitMs: number): string[] {
  const faults: string[] = [];
  const none = (what: string, ids: readonly string[]): void => {
    if (ids.length > 0) faults.push(`${ids.length} ${what}: ${ids.slice(0, 5).join(', ')}`);
  };
  none('lost', verdict.lost);
  none('early', verdict.early);
  none('canceled but fired', verdict.canceledButFired);
  none('fired with outdated values', verdict.outdated);
  none('fired under a foreign message id', verdict.foreignIds);
  none('delivered twice for no reason', verdict.unexplainedDuplicates);
  if (verdict.longestRecoveryMs > recoveryLimitMs)
    faults.push(
      `recovery took ${(verdict.longestRecoveryMs / 1_000).toFixed(1)} s, more than ${recoveryLimitMs / 1_000} s`,
    );
  return faults;
}

/** Several rounds as one. */
export function sumOf(verdicts: readonly Verdict[]): Verdict {
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
    foreignIds: ids(({ foreignIds }) => foreignIds),
    explainedDuplicates: count(({ explainedDuplicates }) => explainedDuplicates),
    unexplainedDuplicates: ids(({ unexplainedDuplicates }) => unexplainedDuplicates),
    longestRecoveryMs: Math.max(0, ...verdicts.map(({ longestRecoveryMs }) => longestRecoveryMs)),
  };
}
