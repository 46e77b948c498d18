import { type Database, statement } from '../connect.ts';

/** The database's clock, read while the row was written: milliseconds since 1970. */
const NOW_MS = `date_part('epoch', clock_timestamp()) * 1000 AS now_ms`;

const REGISTER = statement(
  'register-dispatcher',
  `INSERT INTO dispatchers (id, name) VALUES ($1, $2)
   ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()
   RETURNING ${NOW_MS}`,
);

const RENEW = statement(
  'renew-dispatcher',
  `UPDATE dispatchers SET heartbeat_at = clock_timestamp() WHERE id = $1 RETURNING ${NOW_MS}`,
);

const UNREGISTER = statement('unregister-dispatcher', 'DELETE FROM dispatchers WHERE id = $1');

/** Makes a dispatcher known; only a known one can claim. Answers the database's clock in milliseconds since 1970. */
export async function registerDispatcher(db: Database, id: string, name: string): Promise<number> {
  const [row] = await db.rows<{ now_ms: number }>(REGISTER, [id, name]);
  if (row === undefined) throw new Error('an insert answered no row');
  return row.now_ms;
}

/**
 * Says that the dispatcher lives. Answers the database's clock in milliseconds since 1970, or undefined when the
 * dispatcher was taken for dead: its claims may be another's by now.
 */
export async function renewDispatcher(db: Database, id: string): Promise<number | undefined> {
  const [row] = await db.rows<{ now_ms: number }>(RENEW, [id]);
  return row?.now_ms;
}

/** Takes a dispatcher off the list; whatever it still holds is recovered by the next sweep of any other. */
export async function unregisterDispatcher(db: Database, id: string): Promise<void> {
  await db.rows(UNREGISTER, [id]);
}
