import type { Count, Stats } from '@timer-platform/callback-types';
import {
  type DueCount,
  INDEXED_STATES,
  type IndexedState,
  MAX_EXACT_COUNT,
  type StateCounts,
} from '@timer-platform/database';

/** Rows of the table by state: of all of its pages, or of some. */
export interface SampledStates {
  /** Part of the pages; 100: all of them. */
  readonly percent: number;
  readonly counts: StateCounts;
}

/** What was counted, and what was sampled. */
export interface CountParts {
  readonly sample: SampledStates;
  /** Counted by index up to 10,001; null: not counted. */
  readonly indexed: Readonly<Record<IndexedState, number | null>>;
  /** null: not counted. */
  readonly due: DueCount | null;
  readonly executing: { readonly executing: number; readonly estimated: boolean };
}

/** From so many on, a number is not counted one by one: the sample would not show so many if there were fewer than 10,000. */
const CERTAINLY_MANY = 3 * MAX_EXACT_COUNT;

function scaled({ percent, counts }: SampledStates, state: keyof StateCounts): Count {
  const isComplete = percent >= 100;
  return {
    count: isComplete ? counts[state] : Math.round((counts[state] / percent) * 100),
    estimated: !isComplete,
  };
}

/** Which states should be counted by index: those that a sample does not know exactly, and that may be few. */
export function statesToCount(sample: SampledStates): ReadonlySet<IndexedState> {
  return new Set(INDEXED_STATES.filter((state) => isWorthCounting(sample, state)));
}

/** Whether a number is counted one by one. */
export function isWorthCounting(sample: SampledStates, state: keyof StateCounts): boolean {
  const { count, estimated } = scaled(sample, state);
  return estimated && count < CERTAINLY_MANY;
}

/** The number of timers in a state, exact if it was counted to the end. */
function merged(sampled: Count, counted: number | null, hasMore: boolean): Count {
  if (counted === null) return sampled;
  if (!hasMore) return { count: counted, estimated: false };
  return { count: Math.max(sampled.count, MAX_EXACT_COUNT + 1), estimated: true };
}

function minus(from: Count, count: Count): Count {
  return {
    count: Math.max(0, from.count - count.count),
    estimated: from.estimated || count.estimated,
  };
}

function plus(one: Count, other: Count): Count {
  return { count: one.count + other.count, estimated: one.estimated || other.estimated };
}

/** Puts together exact counts and estimates. */
export function mergeCounts({ sample, indexed, due, executing }: CountParts): Pick<Stats, 'counts' | 'due'> {
  const stateOf = (state: IndexedState): Count => {
    const counted = indexed[state];
    return merged(scaled(sample, state), counted, counted !== null && counted > MAX_EXACT_COUNT);
  };
  const claimed: Count = { count: executing.executing, estimated: executing.estimated };
  return {
    counts: {
      pending: minus(stateOf('pending'), claimed),
      executing: plus(stateOf('markedExecuting'), claimed),
      completed: scaled(sample, 'completed'),
      failed: stateOf('failed'),
      canceled: stateOf('canceled'),
      paused: stateOf('paused'),
    },
    due:
      due === null || due.more
        ? merged(minus(scaled(sample, 'due'), claimed), due?.due ?? null, true)
        : { count: due.due, estimated: false },
  };
}
