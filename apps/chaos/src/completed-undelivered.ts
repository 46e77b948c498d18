import type { LoggedTimer } from './delivery-log.ts';

/** A stream may record a message slightly later than its server acknowledges it. */
const ACKNOWLEDGED_BEFORE_STORED_MS = 1_000;

/**
 * Returns the ids of timers that were marked completed before any delivery of them was acknowledged.
 * @param completed when each completed timer was marked completed, in Unix milliseconds by id
 */
export function findCompletedUndelivered(
  timers: readonly LoggedTimer[],
  completed: ReadonlyMap<string, number>,
): string[] {
  return timers
    .filter(({ id, arrivals }) => {
      const completedMs = completed.get(id);
      if (completedMs === undefined) return false;
      const latestMs = completedMs + ACKNOWLEDGED_BEFORE_STORED_MS;
      return !arrivals.some(({ acknowledged, arrivedMs }) => acknowledged && arrivedMs <= latestMs);
    })
    .map(({ id }) => id);
}
