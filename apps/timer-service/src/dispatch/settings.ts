import { z } from 'zod';
import { boolean, integer } from '../settings.ts';

/** Settings of the dispatcher. */
export const dispatchSettingsSchema = z
  .object({
    DISPATCHER: boolean(true),
    LOOK_AHEAD_MS: integer(0, 5_000, 250),
    MAX_IN_FLIGHT: integer(1, 100_000, 1_000),
    MAX_IN_FLIGHT_PER_DESTINATION: integer(1, 100_000, 250),
    SHUTDOWN_GRACE_MS: integer(0, 600_000, 35_000),
  })
  .transform((env) => ({
    /** false: this process answers the API and leaves timers to others. */
    enabled: env.DISPATCHER,
    /** Timers are claimed up to this much before they are due; from then on they cannot be updated or canceled. */
    lookAheadMs: env.LOOK_AHEAD_MS,
    /** Attempts under way at once. */
    maxInFlight: env.MAX_IN_FLIGHT,
    /** Attempts under way at once to one destination. */
    maxInFlightPerDestination: env.MAX_IN_FLIGHT_PER_DESTINATION,
    /** How long stopping waits for attempts under way before it gives them up. */
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  }));
export type DispatchSettings = z.infer<typeof dispatchSettingsSchema>;
