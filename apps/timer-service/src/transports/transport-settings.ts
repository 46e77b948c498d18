import { z } from 'zod';
import { list, wholeNumber } from '../settings.ts';
import { faultOfSigningSecret } from './http-signature.ts';
import { natsSettingsSchema } from './nats-settings.ts';

const httpSettingsSchema = z
  .object({
    ALLOWED_DESTINATIONS: list(),
    SIGNING_SECRETS: list().superRefine((secrets, context) => {
      secrets.forEach((secret, index) => {
        const fault = faultOfSigningSecret(secret);
        if (fault !== undefined)
          context.addIssue({ code: 'custom', message: `(item ${index + 1}) ${fault}` });
      });
    }),
    HTTP_CONNECT_TIMEOUT_MS: wholeNumber(100, 300_000, 10_000),
  })
  .transform((env) => ({
    /** Hosts, host:port and CIDRs that may be reached although they are not public. */
    allowedDestinations: env.ALLOWED_DESTINATIONS,
    /** Each signs every HTTP delivery; several while one is being replaced. */
    signingSecrets: env.SIGNING_SECRETS,
    httpConnectTimeoutMs: env.HTTP_CONNECT_TIMEOUT_MS,
  }));

/** Settings of delivery: where callbacks may go, how they are signed, and where NATS is. */
export const transportSettingsSchema = z
  .object({})
  .loose()
  .transform((env, context) => {
    const http = httpSettingsSchema.safeParse(env);
    const nats = natsSettingsSchema.safeParse(env);
    for (const issue of [...(http.error?.issues ?? []), ...(nats.error?.issues ?? [])])
      context.addIssue({ code: 'custom', path: [...issue.path], message: issue.message });
    if (!http.success || !nats.success) return z.NEVER;
    return {
      ...http.data,
      /** undefined: NATS timers are refused when they are created, and stored ones wait. */
      nats: nats.data,
    };
  });
export type TransportSettings = z.infer<typeof transportSettingsSchema>;
