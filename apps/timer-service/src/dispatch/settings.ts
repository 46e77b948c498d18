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
    /** false: this process serves the API and delivers no timers. */
    enabled: env.DISPATCHER,
    /** How long before they are due timers are claimed; after that they cannot be updated or canceled. */
    lookAheadMs: env.LOOK_AHEAD_MS,
    /** The most attempts under way at once. */
    maxInFlight: env.MAX_IN_FLIGHT,
    /** The most attempts under way at once to one destination. */
    maxInFlightPerDestination: env.MAX_IN_FLIGHT_PER_DESTINATION,
    /** How long stopping waits for attempts under way before it aborts them. */
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  }));
export type DispatchSettings = z.infer<typeof dispatchSettingsSchema>;
