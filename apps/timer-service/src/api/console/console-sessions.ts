import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  type Database,
  deleteConsoleSession,
  findConsoleSession,
  insertConsoleSession,
} from '@timer-platform/database';
import { type ApiKey, digestOf } from '../auth/api-key.ts';
import type { ApiKeyRing } from '../auth/api-key-ring.ts';

/** How long a session lasts, in milliseconds. */
const LIFETIME_MS = 12 * 3_600_000;
/** More browsers than operators of one key have. Bounds the table. */
const MAX_PER_KEY = 100;
const TOKEN_BYTES = 32;

/** A session and its key. */
export interface OpenSession {
  readonly key: ApiKey;
  readonly expiresAt: Date;
}

/** A session that has just begun. */
export interface NewSession extends OpenSession {
  readonly token: string;
  readonly lifetimeMs: number;
}

/** Neither the key nor its digest can be derived from it, and it is different for each session of a key. */
function keyCheck({ digest }: ApiKey, tokenSha256: Buffer): Buffer {
  return createHmac('sha256', digest).update('console session').update(tokenSha256).digest();
}

/**
 * The sessions of the console. The table holds digests only: who reads it can log in with none of them. A session ends
 * after 12 hours, with its key, or when the key with its name gets another secret.
 */
export class ConsoleSessions {
  readonly #db: Database;
  readonly #keys: Pick<ApiKeyRing, 'named'>;

  constructor(db: Database, keys: Pick<ApiKeyRing, 'named'>) {
    this.#db = db;
    this.#keys = keys;
  }

  /** Begins a session with a token of its own, never one that the browser has sent. */
  async begin(key: ApiKey): Promise<NewSession> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const tokenSha256 = digestOf(token);
    const expiresAt = await insertConsoleSession(this.#db, {
      tokenSha256,
      keyName: key.name,
      keyCheck: keyCheck(key, tokenSha256),
      lifetimeMs: LIFETIME_MS,
      maxPerKey: MAX_PER_KEY,
    });
    return { key, token, expiresAt, lifetimeMs: LIFETIME_MS };
  }

  /** The session with this token, unless it has ended. */
  async find(token: string): Promise<OpenSession | undefined> {
    const tokenSha256 = digestOf(token);
    const session = await findConsoleSession(this.#db, tokenSha256);
    const key = session === undefined ? undefined : this.#keys.named(session.keyName);
    if (session === undefined || key === undefined) return undefined;
    const expected = keyCheck(key, tokenSha256);
    const same = session.keyCheck.length === expected.length && timingSafeEqual(session.keyCheck, expected);
    return same ? { key, expiresAt: session.expiresAt } : undefined;
  }

  /** Ends the session with this token, if there is one. */
  async end(token: string): Promise<void> {
    await deleteConsoleSession(this.#db, digestOf(token));
  }
}
