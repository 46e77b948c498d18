/** The place of a dispatcher among all that hold a lease. */
export interface DispatcherRank {
  /** From 0 up to `dispatchers`, different for each. */
  readonly rank: number;
  readonly dispatchers: number;
}

/** A number that depends on the text alone, about equally distributed. FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}

/**
 * The part of a limit of attempts under way that is one dispatcher's: the parts of all add up to the limit. It may be 0. What
 * is left after division goes to other dispatchers for each destination.
 */
export function shareOfSlots(
  limit: number,
  destination: string,
  { rank, dispatchers }: DispatcherRank,
): number {
  const turn = (rank + hashOf(destination)) % dispatchers;
  return Math.floor(limit / dispatchers) + (turn < limit % dispatchers ? 1 : 0);
}

/** The part of a rate that is one dispatcher's. All have the same: none has to leave its timers to others. */
export function shareOfRate(perSecond: number, { dispatchers }: DispatcherRank): number {
  return perSecond / dispatchers;
}
