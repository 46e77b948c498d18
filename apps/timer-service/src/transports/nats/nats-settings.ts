import { z } from 'zod';
import { integer } from '../../settings.ts';

/** How to reach NATS. */
export interface NatsSettings {
  /** `host:port` of each server. */
  readonly servers: readonly string[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** File with a JWT and its seed; read again on every connection, so that it can be replaced without a restart. */
  readonly credsFile: string | undefined;
  /** undefined: encrypted only when the server asks for it. */
  readonly tls: NatsTlsFiles | undefined;
  /** How long a server may take to confirm a message. */
  readonly timeoutMs: number;
}

interface NatsTlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

interface NatsServer {
  readonly address: string;
  readonly encrypted: boolean;
  readonly user: string;
  readonly password: string;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** One item of NATS_URL; undefined when it is not one. */
function parseServer(text: string): NatsServer | undefined {
  const withScheme = text.includes('://') ? text : `nats://${text}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  if ((url.protocol !== 'nats:' && url.protocol !== 'tls:') || url.hostname === '') return undefined;
  return {
    address: `${url.hostname}:${url.port === '' ? 4222 : url.port}`,
    encrypted: url.protocol === 'tls:',
    user: decoded(url.username),
    password: decoded(url.password),
  };
}

const SHAPE = 'nats://host:port or tls://host:port, with user:password@ or token@ before the host if wanted';

/** Reads NATS_…; `undefined` when none of NATS_URL and NATS_HOST is set. */
export const natsSettingsSchema = z
  .object({
    NATS_URL: z.string().optional(),
    NATS_HOST: z.string().optional(),
    NATS_PORT: integer(1, 65_535, 4_222),
    NATS_USER: z.string().optional(),
    NATS_PASSWORD: z.string().optional(),
    NATS_CREDS_FILE: z.string().optional(),
    NATS_TLS_CA_FILE: z.string().optional(),
    NATS_TLS_CERT_FILE: z.string().optional(),
    NATS_TLS_KEY_FILE: z.string().optional(),
    NATS_TIMEOUT_MS: integer(100, 300_000, 10_000),
  })
  .transform((env, context): NatsSettings | undefined => {
    const fault = (variable: keyof typeof env, message: string) => {
      context.addIssue({ code: 'custom', path: [variable], message });
    };
    if (env.NATS_URL === undefined && env.NATS_HOST === undefined) {
      for (const variable of ['NATS_USER', 'NATS_PASSWORD', 'NATS_CREDS_FILE'] as const)
        if (env[variable] !== undefined) fault(variable, 'is set, but neither NATS_URL nor NATS_HOST is');
      return undefined;
    }
    if (env.NATS_URL !== undefined && env.NATS_HOST !== undefined)
      fault('NATS_HOST', 'and NATS_URL are both set: set one of them');
    const items = (env.NATS_URL ?? `${hostForUrl(env.NATS_HOST ?? '')}:${env.NATS_PORT}`)
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    const servers = items.map(parseServer).filter((server) => server !== undefined);
    if (servers.length === 0 || servers.length < items.length) {
      if (env.NATS_URL !== undefined) fault('NATS_URL', `must be ${SHAPE}; several are separated by commas`);
      else fault('NATS_HOST', 'must be a host name or an IP address');
    }
    if (servers.some(({ encrypted }) => encrypted) && !servers.every(({ encrypted }) => encrypted))
      fault('NATS_URL', 'mixes nats:// and tls://: a client takes one or the other');
    if ((env.NATS_TLS_CERT_FILE === undefined) !== (env.NATS_TLS_KEY_FILE === undefined))
      fault('NATS_TLS_CERT_FILE', 'and NATS_TLS_KEY_FILE belong together: set both or neither');

    const inUrl = servers.find(({ user }) => user !== '');
    if (inUrl !== undefined && env.NATS_USER !== undefined)
      fault('NATS_USER', 'is set, and NATS_URL holds a user name too: set one of them');
    const isToken = inUrl !== undefined && inUrl.password === '';
    return {
      servers: servers.map(({ address }) => address),
      user: isToken ? undefined : (inUrl?.user ?? env.NATS_USER),
      password: isToken ? undefined : (inUrl?.password ?? env.NATS_PASSWORD),
      token: isToken ? inUrl.user : undefined,
      credsFile: env.NATS_CREDS_FILE,
      tls: tlsFiles(
        env,
        servers.some(({ encrypted }) => encrypted),
      ),
      timeoutMs: env.NATS_TIMEOUT_MS,
    };
  });

function hostForUrl(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

interface TlsVariables {
  readonly NATS_TLS_CA_FILE?: string | undefined;
  readonly NATS_TLS_CERT_FILE?: string | undefined;
  readonly NATS_TLS_KEY_FILE?: string | undefined;
}

function tlsFiles(env: TlsVariables, askedForByUrl: boolean): NatsTlsFiles | undefined {
  const files = {
    ...(env.NATS_TLS_CA_FILE !== undefined && { caFile: env.NATS_TLS_CA_FILE }),
    ...(env.NATS_TLS_CERT_FILE !== undefined && { certFile: env.NATS_TLS_CERT_FILE }),
    ...(env.NATS_TLS_KEY_FILE !== undefined && { keyFile: env.NATS_TLS_KEY_FILE }),
  };
  return askedForByUrl || Object.keys(files).length > 0 ? files : undefined;
}
