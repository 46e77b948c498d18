import { z } from 'zod';
import { commaSeparated, integer } from '../settings.ts';
import { parseAllowedEndpoint } from './egress/allowed-endpoint.ts';
import { DEFAULT_DENIED_PORTS } from './egress/denied-ports.ts';
import type { EgressPolicy } from './egress/egress-policy.ts';
import { signingSecretError } from './http/http-signature.ts';
import { natsSettingsSchema } from './nats/nats-settings.ts';

const allowedEndpoints = commaSeparated().transform((items, context) =>
  items
    .map((item) => {
      const endpoint = parseAllowedEndpoint(item);
      if (endpoint === undefined)
        context.addIssue({
          code: 'custom',
          message: `has an item that is not a host, host:port, address or CIDR: ${JSON.stringify(item)}`,
        });
      return endpoint;
    })
    .filter((endpoint) => endpoint !== undefined),
);

const deniedPorts = z.string().transform((text, context): ReadonlySet<number> => {
  if (text.trim() === 'none') return new Set();
  const ports = text.split(',').map((item) => item.trim());
  if (!ports.every((port) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    context.addIssue({ code: 'custom', message: 'must be ports separated by commas, or none' });
  return new Set(ports.map(Number));
});

const signingSecrets = commaSeparated().superRefine((secrets, context) => {
  secrets.forEach((secret, index) => {
    const error = signingSecretError(secret);
    if (error !== undefined) context.addIssue({ code: 'custom', message: `(item ${index + 1}) ${error}` });
  });
});

const httpSettingsSchema = z
  .object({
    ALLOWED_DESTINATIONS: allowedEndpoints,
    DENIED_PORTS: deniedPorts.default(new Set(DEFAULT_DENIED_PORTS)),
    SIGNING_SECRETS: signingSecrets,
    HTTP_CONNECT_TIMEOUT_MS: integer(100, 300_000, 10_000),
  })
  .transform((env) => ({
    /** Endpoints that callbacks may reach although they are not public. */
    allowedEndpoints: env.ALLOWED_DESTINATIONS,
    /** Denied unless ALLOWED_DESTINATIONS names them together with their host. */
    deniedPorts: env.DENIED_PORTS,
    /** Each one signs every HTTP delivery, so that a secret can be rotated. */
    signingSecrets: env.SIGNING_SECRETS,
    httpConnectTimeoutMs: env.HTTP_CONNECT_TIMEOUT_MS,
  }));

/** Settings of the transports: the egress policy, the signing secrets and the NATS servers. */
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
      /** undefined: the API rejects NATS timers, and stored ones wait. */
      nats: nats.data,
    };
  });
export type TransportSettings = z.infer<typeof transportSettingsSchema>;

/** @param allowLoopback true only in development mode, where receivers run on this machine */
export function createEgressPolicy(settings: TransportSettings, allowLoopback: boolean): EgressPolicy {
  return { allowed: settings.allowedEndpoints, deniedPorts: settings.deniedPorts, allowLoopback };
}
