import type { Destination, LiveStats, Stats } from '@timer-platform/callback-types';
import { formatMilliseconds } from '../../lib/format-duration.ts';
import { formatCount, formatCountOf } from '../../lib/format-number.ts';

/** Something that an operator should look at. */
export interface Problem {
  readonly key: string;
  readonly tone: 'bad' | 'warn';
  readonly text: string;
  /** Where to look further. */
  readonly to: '/timers' | '/failures' | '/destinations' | '/dispatchers';
  readonly search: Readonly<Record<string, string>>;
}

/** Due timers wait this long in normal operation: a claim, a queue, a pause of the garbage collector. */
const OVERDUE_MS = 5_000;
/** Named one by one; more are counted. */
const MAX_NAMED = 3;

/** What is wrong, the worst first. Empty: nothing. */
export function findProblems(
  stats: Stats,
  live: LiveStats | null,
  destinations: readonly Destination[],
): readonly Problem[] {
  return [
    ...dispatcherProblems(stats),
    ...overdueProblems(stats, live),
    ...breakerProblems(destinations),
    ...failureProblems(stats),
    ...pauseProblems(destinations),
  ].sort((a, b) => (a.tone === b.tone ? 0 : a.tone === 'bad' ? -1 : 1));
}

function dispatcherProblems({ dispatchers: { alive, stalled } }: Stats): Problem[] {
  const problem = { key: 'dispatchers', to: '/dispatchers', search: {} } as const;
  if (alive === 0) return [{ ...problem, tone: 'bad', text: 'No dispatcher is alive: nothing is delivered' }];
  if (stalled === 0) return [];
  const text = `${formatCountOf(stalled, 'dispatcher')} ${stalled === 1 ? 'sends' : 'send'} no heartbeat`;
  return [{ ...problem, tone: 'warn', text }];
}

function overdueProblems(stats: Stats, live: LiveStats | null): Problem[] {
  const { oldest_due_age_ms: age } = stats;
  const due = live?.due ?? stats.due;
  if (age === null || age < OVERDUE_MS || due.count === 0) return [];
  const count = `${due.estimated ? 'about ' : ''}${formatCountOf(due.count, 'timer')}`;
  return [
    {
      key: 'overdue',
      tone: 'bad',
      text: `${count} ${due.count === 1 ? 'is' : 'are'} overdue, the oldest by ${formatMilliseconds(age)}`,
      to: '/timers',
      search: { status: 'pending', due_before: stats.now },
    },
  ];
}

function breakerProblems(destinations: readonly Destination[]): Problem[] {
  const open = destinations.filter(({ breaker }) => breaker !== 'closed');
  return named(open, 'breaker', 'bad', ({ destination, last_failure }) => {
    const cause = last_failure === null ? '' : `: ${last_failure.error}`;
    return `The breaker of ${destination} is open${cause}`;
  });
}

function failureProblems({ last_5_minutes: { failed } }: Stats): Problem[] {
  if (failed === 0) return [];
  const text = `${formatCountOf(failed, 'timer')} failed for good in the last 5 minutes`;
  return [{ key: 'failures', tone: 'bad', text, to: '/failures', search: {} }];
}

function pauseProblems(destinations: readonly Destination[]): Problem[] {
  const paused = destinations.filter(({ paused_at: pausedAt }) => pausedAt !== null);
  return named(paused, 'paused', 'warn', (destination) => {
    const { waiting_paused: waiting, waiting_paused_estimated: estimated, pause_note: note } = destination;
    const waits = `${estimated ? 'about ' : ''}${formatCountOf(waiting, 'timer')} ${waiting === 1 ? 'waits' : 'wait'}`;
    return `${destination.destination} is paused, ${waits}${note === null ? '' : ` (${note})`}`;
  });
}

function named(
  destinations: readonly Destination[],
  kind: string,
  tone: Problem['tone'],
  textOf: (destination: Destination) => string,
): Problem[] {
  const problems = destinations.slice(0, MAX_NAMED).map((destination): Problem => ({
    key: `${kind} ${destination.destination}`,
    tone,
    text: textOf(destination),
    to: '/destinations',
    search: { q: destination.destination },
  }));
  const others = destinations.length - MAX_NAMED;
  if (others <= 0) return problems;
  const text = `and ${formatCount(others)} more ${kind === 'paused' ? 'paused destinations' : 'open breakers'}`;
  return [...problems, { key: `${kind} others`, tone, text, to: '/destinations', search: { state: kind } }];
}
