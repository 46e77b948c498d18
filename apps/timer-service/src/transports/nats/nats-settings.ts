import { canParseUrl } from '@timer-platform/callback-types';
import { z } from 'zod';
import { integer } from '../../settings.ts';
import { percentDecode } from '../percent-decode.ts';

/** How to connect to NATS. */
export interface NatsSettings {
  /** `host:port` of each server. */
  readonly servers: readonly string[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** File with a JWT and its seed; read on every connection, so that it can be replaced without a restart. */
  readonly credsFile: string | undefined;
  /** undefined: TLS only if the server requires it. */
  readonly tls: NatsTlsFiles | undefined;
  /** How long a server may take to confirm a message. */
  readonly timeoutMs: number;
}

interface NatsTlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

const variablesSchema = z
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
  .readonly();
type Variables = z.infer<typeof variablesSchema>;
type AddIssue = (variable: keyof Variables, message: string) => void;

interface ServerUrl {
  readonly address: string;
  readonly isTls: boolean;
  readonly user: string;
  readonly password: string;
}

/** Parses an item of NATS_URL; undefined if it is not valid. */
function parseServerUrl(text: string): ServerUrl | undefined {
  const withScheme = text.includes('://') ? text : `nats://${text}`;
  if (!canParseUrl(withScheme)) return undefined;
  const url = new URL(withScheme);
  if ((url.protocol !== 'nats:' && url.protocol !== 'tls:') || url.hostname === '') return undefined;
  return {
    address: `${url.hostname}:${url.port === '' ? 4222 : url.port}`,
    isTls: url.protocol === 'tls:',
    user: percentDecode(url.username),
    password: percentDecode(url.password),
  };
}

const URL_FORMAT =
  'nats://host:port or tls://host:port, optionally with user:password@ or token@ before the host';

function hostForUrl(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function parseServers(env: Variables, addIssue: AddIssue): ServerUrl[] {
  const items = (env.NATS_URL ?? `${hostForUrl(env.NATS_HOST ?? '')}:${env.NATS_PORT}`)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const servers = items.map(parseServerUrl).filter((server) => server !== undefined);
  if (servers.length === 0 || servers.length < items.length) {
    if (env.NATS_URL !== undefined)
      addIssue('NATS_URL', `must be ${URL_FORMAT}; separate several with commas`);
    else addIssue('NATS_HOST', 'must be a host name or an IP address');
  }
  if (servers.some(({ isTls }) => isTls) && !servers.every(({ isTls }) => isTls))
    addIssue('NATS_URL', 'mixes nats:// and tls://: use one scheme for all servers');
  return servers;
}

function tlsFiles(env: Variables, isTlsUrl: boolean, addIssue: AddIssue): NatsTlsFiles | undefined {
  if ((env.NATS_TLS_CERT_FILE === undefined) !== (env.NATS_TLS_KEY_FILE === undefined))
    addIssue('NATS_TLS_CERT_FILE', 'and NATS_TLS_KEY_FILE belong together: set both or neither');
  const files = {
    ...(env.NATS_TLS_CA_FILE !== undefined && { caFile: env.NATS_TLS_CA_FILE }),
    ...(env.NATS_TLS_CERT_FILE !== undefined && { certFile: env.NATS_TLS_CERT_FILE }),
    ...(env.NATS_TLS_KEY_FILE !== undefined && { keyFile: env.NATS_TLS_KEY_FILE }),
  };
  return isTlsUrl || Object.keys(files).length > 0 ? files : undefined;
}

function credentials(
  env: Variables,
  servers: readonly ServerUrl[],
  addIssue: AddIssue,
): Pick<NatsSettings, 'user' | 'password' | 'token'> {
  const fromUrl = servers.find(({ user }) => user !== '');
  if (fromUrl === undefined) return { user: env.NATS_USER, password: env.NATS_PASSWORD, token: undefined };
  if (env.NATS_USER !== undefined)
    addIssue('NATS_USER', 'is set, but NATS_URL also has a user name: set one of them');
  return fromUrl.password === ''
    ? { user: undefined, password: undefined, token: fromUrl.user }
    : { user: fromUrl.user, password: fromUrl.password, token: undefined };
}

/** Parses the NATS_* variables; undefined if neither NATS_URL nor NATS_HOST is set. */
export const natsSettingsSchema = variablesSchema.transform((env, context): NatsSettings | undefined => {
  const addIssue: AddIssue = (variable, message) => {
    context.addIssue({ code: 'custom', path: [variable], message });
  };
  if (env.NATS_URL === undefined && env.NATS_HOST === undefined) {
    for (const variable of ['NATS_USER', 'NATS_PASSWORD', 'NATS_CREDS_FILE'] as const)
      if (env[variable] !== undefined) addIssue(variable, 'is set, but neither NATS_URL nor NATS_HOST is');
    return undefined;
  }
  if (env.NATS_URL !== undefined && env.NATS_HOST !== undefined)
    addIssue('NATS_HOST', 'and NATS_URL are both set: set one of them');
  const servers = parseServers(env, addIssue);
  const tls = tlsFiles(
    env,
    servers.some(({ isTls }) => isTls),
    addIssue,
  );
  return {
    servers: servers.map(({ address }) => address),
    ...credentials(env, servers, addIssue),
    credsFile: env.NATS_CREDS_FILE,
    tls,
    timeoutMs: env.NATS_TIMEOUT_MS,
  };
});
