import type { Occurrence } from '@timer-platform/callback-types';

/**
 * The newest occurrence that is decided: the next ones are stored a moment before they are due.
 * @param history newest first
 * @returns undefined if there is none; the oldest if none is decided, such as one that is being retried
 */
export function lastOutcomeOf(history: readonly Occurrence[]): Occurrence | undefined {
  return history.find((entry) => entry.type === 'skip' || entry.executed_at !== null) ?? history.at(-1);
}
