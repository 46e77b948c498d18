import { type DispatcherRank, shareOfRate, shareOfSlots } from './limit-share.ts';

/** What operators have set for a destination. */
export interface DestinationSettings {
  readonly destination: string;
  readonly isPaused: boolean;
  /** Attempts that may start per second, by all dispatchers; null: no limit. */
  readonly ratePerSecond: number | null;
  /** Attempts that may be under way, by all dispatchers; null: no limit. */
  readonly maxInFlight: number | null;
}

/** What all dispatchers follow. */
export interface OperatorSettings extends DispatcherRank {
  readonly destinations: readonly DestinationSettings[];
}

/** What one dispatcher follows for a destination. */
export interface OwnLimits {
  readonly isPaused: boolean;
  /** Attempts that it may start per second; undefined: no limit. */
  readonly ratePerSecond: number | undefined;
  /** That all may start. */
  readonly totalPerSecond: number | undefined;
  /** Attempts that it may have under way, 0 included; undefined: no limit. */
  readonly maxInFlight: number | undefined;
}

/** The limits of this dispatcher by destination. A destination without a pause and without limits has none. */
export function ownLimits({ destinations, ...rank }: OperatorSettings): Map<string, OwnLimits> {
  const limits = new Map<string, OwnLimits>();
  for (const { destination, isPaused, ratePerSecond, maxInFlight } of destinations) {
    if (!isPaused && ratePerSecond === null && maxInFlight === null) continue;
    limits.set(destination, {
      isPaused,
      ratePerSecond: ratePerSecond === null ? undefined : shareOfRate(ratePerSecond, rank),
      totalPerSecond: ratePerSecond ?? undefined,
      maxInFlight: maxInFlight === null ? undefined : shareOfSlots(maxInFlight, destination, rank),
    });
  }
  return limits;
}
