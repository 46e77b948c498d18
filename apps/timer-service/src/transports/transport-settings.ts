import { z } from 'zod';
import { list } from '../settings.ts';

/** Settings of delivery: where callbacks may go, and how they are signed. */
export const transportSettingsSchema = z
  .object({
    ALLOWED_DESTINATIONS: list(),
    SIGNING_SECRETS: list(),
    NATS_URL: z.string().optional(),
  })
  .transform((env) => ({
    allowedDestinations: env.ALLOWED_DESTINATIONS,
    signingSecrets: env.SIGNING_SECRETS,
    natsUrl: env.NATS_URL,
  }));
export type TransportSettings = z.infer<typeof transportSettingsSchema>;
