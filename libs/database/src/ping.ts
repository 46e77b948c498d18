import { type Database, statement } from './connect.ts';

const PING = statement('ping', 'SELECT 1');

/** Checks that the database responds. @throws the error of the driver if it does not */
export async function ping(db: Database): Promise<void> {
  await db.rows(PING);
}
