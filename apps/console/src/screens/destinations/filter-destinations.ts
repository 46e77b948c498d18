import type { Destination } from '@timer-platform/callback-types';

/** What the address of the screen says. */
export interface DestinationFilter {
  /** Part of the name, in any case. */
  readonly q?: string | undefined;
  /** `breaker`, `paused`, `limited` or `failing`; anything else: all */
  readonly state?: string | undefined;
}

/** The destinations that match, those that need attention first. */
export function filterDestinations(
  destinations: readonly Destination[],
  { q = '', state }: DestinationFilter,
): readonly Destination[] {
  const part = q.toLowerCase();
  return destinations
    .filter((destination) => destination.destination.toLowerCase().includes(part) && isIn(destination, state))
    .map((destination, index) => ({ destination, index, rank: rankOf(destination) }))
    .sort((a, b) => b.rank - a.rank || a.index - b.index)
    .map(({ destination }) => destination);
}

function isIn(destination: Destination, state: string | undefined): boolean {
  switch (state ?? '') {
    case 'breaker':
      return destination.breaker !== 'closed';
    case 'paused':
      return destination.paused_at !== null;
    case 'limited':
      return destination.rate_per_second !== null || destination.max_in_flight !== null;
    case 'failing':
      return destination.failures_per_minute > 0;
    default:
      return true;
  }
}

function rankOf(destination: Destination): number {
  if (destination.breaker === 'open') return 4;
  if (destination.breaker === 'half-open') return 3;
  if (destination.paused_at !== null) return 2;
  return destination.failures_per_minute > 0 ? 1 : 0;
}
