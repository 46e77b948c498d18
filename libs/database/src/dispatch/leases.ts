import { type Database, statement } from '../connect.ts';

/** The database's clock when the row was written, in milliseconds since 1970. */
const NOW_MS = `date_part('epoch', clock_timestamp()) * 1000 AS now_ms`;

const ACQUIRE = statement(
  'acquire-lease',
  `INSERT INTO dispatchers (id, name) VALUES ($1, $2)
   ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()
   RETURNING ${NOW_MS}`,
);

const RENEW = statement(
  'renew-lease',
  `UPDATE dispatchers SET heartbeat_at = clock_timestamp() WHERE id = $1 RETURNING ${NOW_MS}`,
);

const GIVE_UP = statement('give-up-lease', 'DELETE FROM dispatchers WHERE id = $1');

/** Gives a dispatcher a lease, without which it cannot claim. Returns the database's clock in milliseconds since 1970. */
export async function acquireLease(db: Database, id: string, name: string): Promise<number> {
  const [row] = await db.rows<{ now_ms: number }>(ACQUIRE, [id, name]);
  if (row === undefined) throw new Error('the insert returned no row');
  return row.now_ms;
}

/**
 * Renews the lease of a dispatcher. Returns the database's clock in milliseconds since 1970, or undefined if the lease has
 * expired and was removed: another dispatcher may have claimed its timers.
 */
export async function renewLease(db: Database, id: string): Promise<number | undefined> {
  const [row] = await db.rows<{ now_ms: number }>(RENEW, [id]);
  return row?.now_ms;
}

/** Gives up the lease of a dispatcher. The next rescue by any other dispatcher returns the timers that it still holds. */
export async function giveUpLease(db: Database, id: string): Promise<void> {
  await db.rows(GIVE_UP, [id]);
}
