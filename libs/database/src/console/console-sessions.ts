import { type Database, statement } from '../connect.ts';

/** A browser that is logged in to the console. */
export interface ConsoleSession {
  /** The name of an API key. */
  readonly keyName: string;
  /** Derived from the key: the session is over when it cannot be derived any more. */
  readonly keyCheck: Buffer;
  readonly expiresAt: Date;
}

/** A session to store. */
export interface NewConsoleSession {
  /** SHA-256 of the token in the cookie. */
  readonly tokenSha256: Buffer;
  readonly keyName: string;
  readonly keyCheck: Buffer;
  /** How long the session lasts, in milliseconds. */
  readonly lifetimeMs: number;
  /** Sessions that a key may have; the oldest ones beyond it end. */
  readonly maxPerKey: number;
}

const INSERT = statement(
  'insert-console-session',
  `WITH ended AS (
     DELETE FROM console_sessions WHERE token_sha256 IN (
       SELECT token_sha256 FROM console_sessions WHERE key_name = $2 ORDER BY created_at DESC OFFSET $5
     )
   )
   INSERT INTO console_sessions (token_sha256, key_name, key_check, expires_at)
   VALUES ($1, $2, $3, clock_timestamp() + $4::double precision * interval '1 millisecond')
   RETURNING expires_at`,
);

/** Stores a session and returns when it expires, by the clock of the database. */
export async function insertConsoleSession(db: Database, session: NewConsoleSession): Promise<Date> {
  const { tokenSha256, keyName, keyCheck, lifetimeMs, maxPerKey } = session;
  const [row] = await db.rows<{ expires_at: Date }>(INSERT, [
    tokenSha256,
    keyName,
    keyCheck,
    lifetimeMs,
    maxPerKey - 1,
  ]);
  if (row === undefined) throw new Error('INSERT returned no row');
  return row.expires_at;
}

const FIND = statement(
  'find-console-session',
  `SELECT key_name, key_check, expires_at FROM console_sessions
   WHERE token_sha256 = $1 AND expires_at > clock_timestamp()`,
);

/** Finds the session with this token, unless it has expired. */
export async function findConsoleSession(
  db: Database,
  tokenSha256: Buffer,
): Promise<ConsoleSession | undefined> {
  const [row] = await db.rows<{ key_name: string; key_check: Buffer; expires_at: Date }>(FIND, [tokenSha256]);
  if (row === undefined) return undefined;
  return { keyName: row.key_name, keyCheck: row.key_check, expiresAt: row.expires_at };
}

const DELETE = statement('delete-console-session', 'DELETE FROM console_sessions WHERE token_sha256 = $1');

/** Ends the session with this token. No error if there is none. */
export async function deleteConsoleSession(db: Database, tokenSha256: Buffer): Promise<void> {
  await db.rows(DELETE, [tokenSha256]);
}
