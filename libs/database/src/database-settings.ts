import { isIPv6 } from 'node:net';
import { canParseUrl } from '@timer-platform/callback-types';

/** Which database to use: the one at a URL, or the embedded server. */
export type DatabaseSettings = { readonly kind: 'url'; readonly url: string } | { readonly kind: 'embedded' };

/** A problem with one variable. The message never contains a password or a URL. */
export interface DatabaseSettingsIssue {
  readonly variable: string;
  readonly message: string;
}

/** Thrown by {@link databaseSettings}. Lists every issue. */
export class DatabaseSettingsError extends Error {
  override readonly name = 'DatabaseSettingsError';
  readonly issues: readonly DatabaseSettingsIssue[];

  constructor(issues: readonly DatabaseSettingsIssue[]) {
    super(issues.map(({ variable, message }) => `${variable} ${message}`).join('\n'));
    this.issues = issues;
  }
}

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PARTS = ['PG_HOST', 'PG_PORT', 'PG_USER', 'PG_PASSWORD', 'PG_DB_NAME'] as const;
type Part = (typeof PARTS)[number];
const REQUIRED: readonly Part[] = ['PG_HOST', 'PG_USER', 'PG_DB_NAME'];
const DEFAULT_PORT = '5432';

function problemOfUrl(url: string): string | undefined {
  if (!canParseUrl(url))
    return 'is not a valid URL: use postgres://user:password@host:5432/database, with special characters in the password percent-encoded';
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:')
    return 'must start with postgres:// or postgresql://';
  if (hostname === '' && !new URL(url).searchParams.has('host')) return 'has no host';
  return undefined;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** A host name, an IP address, or the directory of a Unix socket. */
function isHost(text: string): boolean {
  return /^\/\S*$/.test(text) || /^[\w.-]+$/.test(text) || isIPv6(text);
}

/** Percent-encodes a socket directory and puts an IPv6 address in brackets, as libpq and node-postgres require. */
function urlHost(host: string): string {
  if (host.startsWith('/')) return encodeURIComponent(host);
  return isIPv6(host) ? `[${host}]` : host;
}

function settingsFromParts(parts: Readonly<Record<Part, string | undefined>>): DatabaseSettings {
  const issues: DatabaseSettingsIssue[] = [];
  for (const variable of REQUIRED)
    if (parts[variable] === undefined)
      issues.push({
        variable,
        message: 'is not set, but another PG_ variable is: set it, or unset the others',
      });
  const host = parts.PG_HOST ?? '';
  if (host !== '' && !isHost(host))
    issues.push({ variable: 'PG_HOST', message: 'is not a host name, an IP address or a socket directory' });
  const port = parts.PG_PORT ?? DEFAULT_PORT;
  if (!isPort(port)) issues.push({ variable: 'PG_PORT', message: 'is not a port number from 1 to 65535' });
  // node-postgres decodes the database in a URL with decodeURI, which does not decode these two.
  if (/[?#]/.test(parts.PG_DB_NAME ?? ''))
    issues.push({ variable: 'PG_DB_NAME', message: 'must not contain ? or #' });
  if (issues.length > 0) throw new DatabaseSettingsError(issues);

  const password = parts.PG_PASSWORD === undefined ? '' : `:${encodeURIComponent(parts.PG_PASSWORD)}`;
  const user = encodeURIComponent(parts.PG_USER ?? '');
  const database = encodeURI(parts.PG_DB_NAME ?? '');
  return { kind: 'url', url: `postgres://${user}${password}@${urlHost(host)}:${port}/${database}` };
}

/**
 * Reads which database to use. `DATABASE_URL` takes precedence over the `PG_*` variables. Without any of them it is the
 * embedded server. An empty variable counts as not set.
 *
 * @throws {DatabaseSettingsError} that lists every issue and never contains a password
 */
export function databaseSettings(env: Environment): DatabaseSettings {
  const valueOf = (variable: string): string | undefined =>
    env[variable] === '' ? undefined : env[variable];
  const url = valueOf('DATABASE_URL');
  if (url !== undefined) {
    const message = problemOfUrl(url);
    if (message !== undefined) throw new DatabaseSettingsError([{ variable: 'DATABASE_URL', message }]);
    return { kind: 'url', url };
  }
  if (PARTS.every((part) => valueOf(part) === undefined)) return { kind: 'embedded' };
  return settingsFromParts({
    PG_HOST: valueOf('PG_HOST'),
    PG_PORT: valueOf('PG_PORT'),
    PG_USER: valueOf('PG_USER'),
    PG_PASSWORD: valueOf('PG_PASSWORD'),
    PG_DB_NAME: valueOf('PG_DB_NAME'),
  });
}

/** Replaces the password in a URL by `***`, for logs and messages. Invalid URLs are replaced entirely. */
export function maskDatabaseUrl(url: string): string {
  if (!canParseUrl(url)) return '(not a valid URL)';
  const masked = new URL(url);
  if (masked.password !== '') masked.password = '***';
  if (masked.searchParams.has('password')) masked.searchParams.set('password', '***');
  return masked.href;
}
