import { canParseUrl } from '@timer-platform/callback-types';

/** Names and values of PostgreSQL settings. */
export type SessionSettings = Readonly<Record<string, string>>;

/**
 * The settings on which the statements and the reading of their results depend. Each session sets them, because the
 * server, the database or the role may have others. The driver itself sets client_encoding. search_path is not among
 * them: the operator may keep the tables in another schema.
 */
export const PINNED_SETTINGS = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  // Statements that lock rows must then see what others have committed.
  default_transaction_isolation: 'read committed',
} as const satisfies SessionSettings;

/** Backslashes and spaces separate the options of a session unless they are escaped. */
function toOption([name, value]: readonly [string, string]): string {
  return `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`;
}

/**
 * The URL and the options of a session with these settings. Options in the URL, such as `-c search_path=timers`, stay
 * before them; the driver would replace ours by them.
 */
export function withSessionSettings(
  url: string,
  settings: SessionSettings,
): { connectionString: string; options: string } {
  const options = Object.entries(settings).map(toOption);
  if (!canParseUrl(url)) return { connectionString: url, options: options.join(' ') };
  const parsed = new URL(url);
  const given = parsed.searchParams.get('options');
  if (given === null) return { connectionString: url, options: options.join(' ') };
  parsed.searchParams.delete('options');
  return { connectionString: parsed.href, options: [given, ...options].join(' ') };
}
