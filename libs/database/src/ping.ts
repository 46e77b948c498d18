import { type Database, statement } from './connect.ts';

const PING = statement('ping', 'SELECT 1');

/** Resolves when the database answers; rejects with the reason when it does not. */
export async function ping(db: Database): Promise<void> {
  await db.rows(PING);
}
