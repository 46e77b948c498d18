import { turnTaker } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import type { Recurrence } from '../../schedules/recurrence/index.ts';
import { validationError } from '../http/api-error.ts';

/** Which occurrences to search. Instants are milliseconds since 1970. */
export interface OccurrenceRange {
  /** Later than this. */
  readonly afterMs: number;
  /** Not later than this. */
  readonly untilMs: number;
  /** At most this many. */
  readonly limit: number;
}

/** How long a search may take, in milliseconds. Exclusions may leave occurrences that are centuries apart. */
const MAX_SEARCH_MS = 2_000;

/**
 * Searches occurrences in several turns of the event loop.
 *
 * @throws {ApiError} code 2 when the search takes too long
 */
export async function occurrencesOf(
  recurrence: Recurrence,
  { afterMs, untilMs, limit }: OccurrenceRange,
  clock: Clock,
): Promise<number[]> {
  const giveUpAt = clock.monotonicMs() + MAX_SEARCH_MS;
  const endTurn = turnTaker();
  const found: number[] = [];
  let at = recurrence.next(afterMs);
  while (at !== undefined && at <= untilMs && found.length < limit) {
    found.push(at);
    if (clock.monotonicMs() > giveUpAt)
      throw validationError([
        { path: 'exclude', message: 'leaves so few occurrences that the search takes too long' },
      ]);
    await endTurn();
    at = recurrence.next(at);
  }
  return found;
}
