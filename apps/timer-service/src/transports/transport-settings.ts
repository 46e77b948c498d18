import { z } from 'zod';
import { commaSeparated, integer } from '../settings.ts';
import { parseAllowedEndpoint } from './egress/allowed-endpoint.ts';
import { DEFAULT_DENIED_PORTS } from './egress/denied-ports.ts';
import type { EgressPolicy } from './egress/egress-policy.ts';
import { signingSecretError } from './http/http-signature.ts';
import { natsSettingsSchema } from './nats/nats-settings.ts';

const httpSettingsSchema = z
  .object({
    ALLOWED_DESTINATIONS: commaSeparated().transform((items, context) =>
      items
        .map((item) => {
          const parsed = parseAllowedEndpoint(item);
          if (parsed === undefined)
            context.addIssue({
              code: 'custom',
              message: `has an item that is not a host, host:port, address or CIDR: ${JSON.stringify(item)}`,
            });
          return parsed;
        })
        .filter((parsed) => parsed !== undefined),
    ),
    DENIED_PORTS: z
      .string()
      .transform((text, context): ReadonlySet<number> => {
        if (text.trim() === 'none') return new Set();
        const ports = text.split(',').map((item) => item.trim());
        if (!ports.every((port) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
          context.addIssue({ code: 'custom', message: 'must be ports separated by commas, or none' });
        return new Set(ports.map(Number));
      })
      .default(new Set(DEFAULT_DENIED_PORTS)),
    SIGNING_SECRETS: commaSeparated().superRefine((secrets, context) => {
      secrets.forEach((secret, index) => {
        const fault = signingSecretError(secret);
        if (fault !== undefined)
          context.addIssue({ code: 'custom', message: `(item ${index + 1}) ${fault}` });
      });
    }),
    HTTP_CONNECT_TIMEOUT_MS: integer(100, 300_000, 10_000),
  })
  .transform((env) => ({
    /** Hosts, host:port and CIDRs that may be reached although they are not public. */
    allowedDestinations: env.ALLOWED_DESTINATIONS,
    /** Ports that are closed unless ALLOWED_DESTINATIONS names them with their host. */
    deniedPorts: env.DENIED_PORTS,
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

/**
 * Where callbacks may go.
 *
 * @param allowLoopback true in development mode alone: callbacks may come to this machine
 */
export function createEgressPolicy(settings: TransportSettings, allowLoopback: boolean): EgressPolicy {
  return { allowed: settings.allowedDestinations, deniedPorts: settings.deniedPorts, allowLoopback };
}
