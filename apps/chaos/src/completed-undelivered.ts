import type { LedgerEntry } from './ledger.ts';

/** A stream tells when it stored a message, which may be a little after its server confirmed it. */
const CONFIRMED_BEFORE_STORED_MS = 1_000;

/**
 * Ids of timers that were marked completed although nothing of them had been taken by then.
 * @param completed when each completed timer was marked so, in Unix milliseconds by its id
 */
export function completedUndelivered(
  entries: readonly LedgerEntry[],
  completed: ReadonlyMap<string, number>,
): string[] {
  return entries
    .filter(({ id, arrivals }) => {
      const completedMs = completed.get(id);
      if (completedMs === undefined) return false;
      const latestMs = completedMs + CONFIRMED_BEFORE_STORED_MS;
      return !arrivals.some(({ taken, arrivedMs }) => taken && arrivedMs <= latestMs);
    })
    .map(({ id }) => id);
}
