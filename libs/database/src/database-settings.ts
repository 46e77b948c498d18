import { isIPv6 } from 'node:net';

/** Which database to use: one that is given, or the embedded server. */
export type DatabaseSettings = { readonly kind: 'url'; readonly url: string } | { readonly kind: 'embedded' };

/** What is wrong with one variable. The message never holds the value of a password or of a URL. */
export interface DatabaseSettingsFault {
  readonly variable: string;
  readonly message: string;
}

/** Thrown by {@link databaseSettings}; names every fault at once. */
export class DatabaseSettingsError extends Error {
  override readonly name = 'DatabaseSettingsError';
  readonly faults: readonly DatabaseSettingsFault[];

  constructor(faults: readonly DatabaseSettingsFault[]) {
    super(faults.map(({ variable, message }) => `${variable} ${message}`).join('\n'));
    this.faults = faults;
  }
}

/** The environment variables of a process, as they are read once by its config.ts. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PARTS = ['PG_HOST', 'PG_PORT', 'PG_USER', 'PG_PASSWORD', 'PG_DB_NAME'] as const;
type Part = (typeof PARTS)[number];
const REQUIRED: readonly Part[] = ['PG_HOST', 'PG_USER', 'PG_DB_NAME'];
const DEFAULT_PORT = '5432';

function faultOfUrl(url: string): string | undefined {
  if (!URL.canParse(url))
    return 'is not a valid URL: it should look like postgres://user:password@host:5432/database, with special characters of the password percent-encoded';
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:')
    return 'must begin with postgres:// or postgresql://';
  if (hostname === '' && !new URL(url).searchParams.has('host')) return 'names no host';
  return undefined;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** A host name, an IP address, or the directory of a Unix socket. */
function isHost(text: string): boolean {
  return /^\/\S*$/.test(text) || /^[\w.-]+$/.test(text) || isIPv6(text);
}

/** A socket directory is percent-encoded and an IPv6 address bracketed, as libpq and node-postgres read them. */
function hostOfUrl(host: string): string {
  if (host.startsWith('/')) return encodeURIComponent(host);
  return isIPv6(host) ? `[${host}]` : host;
}

function settingsOfParts(parts: Readonly<Record<Part, string | undefined>>): DatabaseSettings {
  const faults: DatabaseSettingsFault[] = [];
  for (const variable of REQUIRED)
    if (parts[variable] === undefined)
      faults.push({ variable, message: 'is not set, but another PG_ variable is: set it, or none of them' });
  const host = parts.PG_HOST ?? '';
  if (host !== '' && !isHost(host))
    faults.push({ variable: 'PG_HOST', message: 'is not a host name, an IP address or a socket directory' });
  const port = parts.PG_PORT ?? DEFAULT_PORT;
  if (!isPort(port)) faults.push({ variable: 'PG_PORT', message: 'is not a port number from 1 to 65535' });
  // node-postgres decodes the database of a URL with decodeURI, which leaves these two encoded.
  if (/[?#]/.test(parts.PG_DB_NAME ?? ''))
    faults.push({ variable: 'PG_DB_NAME', message: 'must not contain ? or #' });
  if (faults.length > 0) throw new DatabaseSettingsError(faults);

  const password = parts.PG_PASSWORD === undefined ? '' : `:${encodeURIComponent(parts.PG_PASSWORD)}`;
  const user = encodeURIComponent(parts.PG_USER ?? '');
  const database = encodeURI(parts.PG_DB_NAME ?? '');
  return { kind: 'url', url: `postgres://${user}${password}@${hostOfUrl(host)}:${port}/${database}` };
}

/**
 * Reads which database to use. `DATABASE_URL` wins over the `PG_*` variables; with neither it is the embedded server.
 * A variable that is set to nothing counts as not set.
 *
 * @throws {DatabaseSettingsError} that names every fault, never a password
 */
export function databaseSettings(env: Environment): DatabaseSettings {
  const given = (variable: string): string | undefined => (env[variable] === '' ? undefined : env[variable]);
  const url = given('DATABASE_URL');
  if (url !== undefined) {
    const message = faultOfUrl(url);
    if (message !== undefined) throw new DatabaseSettingsError([{ variable: 'DATABASE_URL', message }]);
    return { kind: 'url', url };
  }
  if (PARTS.every((part) => given(part) === undefined)) return { kind: 'embedded' };
  return settingsOfParts({
    PG_HOST: given('PG_HOST'),
    PG_PORT: given('PG_PORT'),
    PG_USER: given('PG_USER'),
    PG_PASSWORD: given('PG_PASSWORD'),
    PG_DB_NAME: given('PG_DB_NAME'),
  });
}

/** The URL with its password replaced by `***`, for logs and messages. A text that is no URL is not shown at all. */
export function maskDatabaseUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a valid URL)';
  const masked = new URL(url);
  if (masked.password !== '') masked.password = '***';
  if (masked.searchParams.has('password')) masked.searchParams.set('password', '***');
  return masked.href;
}
