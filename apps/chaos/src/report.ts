import type { JetStreamKillsResult } from './jetstream-kills.ts';
import type { OutageResult } from './outage.ts';
import type { RoundResult } from './run-chaos.ts';
import type { OccurrenceLateness, ScheduleKillsResult } from './schedule-kills.ts';
import { sumVerdicts, type Verdict } from './verdict.ts';

function describe(verdict: Verdict): string {
  const { explainedDuplicates, unexplainedDuplicates, longestRecoveryMs } = verdict;
  return [
    `accepted ${verdict.accepted}`,
    `delivered ${verdict.delivered}`,
    `canceled ${verdict.canceled}`,
    `lost ${verdict.lost.length}`,
    `early ${verdict.early.length}`,
    `canceled-but-fired ${verdict.canceledButFired.length}`,
    `outdated ${verdict.outdated.length}`,
    `duplicates ${explainedDuplicates + unexplainedDuplicates.length} (explained ${explainedDuplicates})`,
    `longest recovery ${(longestRecoveryMs / 1_000).toFixed(1)} s`,
  ].join(', ');
}

function describeStatuses(statuses: Readonly<Record<string, number>>): string {
  return Object.entries(statuses)
    .map(([status, count]) => `${status} ${count}`)
    .join(', ');
}

/** Describes each round of a random run, and their sum. */
export function describeRounds(results: readonly RoundResult[]): string {
  const rounds = results.map(
    ({ services, faults, verdict, leftWaiting }, index) =>
      `round ${index + 1}: ${services} services; ${faults.join(', ')}\n  ${describe(verdict)}\n${
        leftWaiting === 0
          ? ''
          : `  ${leftWaiting} waited when the clock had been set back, until it was set forward again\n`
      }`,
  );
  const sum = sumVerdicts(results.map(({ verdict }) => verdict));
  return `${rounds.join('')}\nall ${results.length} rounds: ${describe(sum)}`;
}

export function describeJetStreamKills(result: JetStreamKillsResult): string {
  const { accepted, kills, published, statuses, stored, verdict } = result;
  return [
    `${accepted} timers with jetstream: true; service killed ${kills.length} times`,
    `messages published: ${published}, dropped by the stream as duplicates: ${published - stored}`,
    `messages in the stream: ${stored}`,
    `timers: ${describeStatuses(statuses)}`,
    describe(verdict),
  ].join('\n');
}

export function describeOutage(result: OutageResult): string {
  const { effects, longestRecovery, statuses, completedUndelivered, verdict } = result;
  return [
    ...effects.map(
      ({ type, due, failedAttempts, completed }) =>
        `${type}, during the outage: ${due} timers due, ${failedAttempts} attempts failed, ${completed} timers marked completed; longest recovery ${(longestRecovery[type] / 1_000).toFixed(1)} s`,
    ),
    `timers: ${describeStatuses(statuses)}`,
    `completed but not delivered: ${completedUndelivered.length}`,
    describe(verdict),
  ].join('\n');
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

export function describeScheduleKills(result: ScheduleKillsResult): string {
  const { expected, rows, delivered, repeated, lateness, latenessBefore } = result;
  const describeLateness = ({ p50, p99, max }: OccurrenceLateness): string =>
    `p50 ${seconds(p50)} s, p99 ${seconds(p99)} s, max ${seconds(max)} s`;
  return [
    `occurrences: ${expected} expected, ${rows} stored, ${delivered} delivered; ${repeated} deliveries were repeated, under the same ids`,
    `lateness: ${describeLateness(lateness)}; before the first fault: ${describeLateness(latenessBefore)}`,
  ].join('\n');
}
