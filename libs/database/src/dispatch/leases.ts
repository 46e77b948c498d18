import { type Database, statement } from '../connect.ts';

/** Another dispatcher, as one heartbeat sees it. */
export interface Peer {
  readonly id: string;
  /** Heartbeats so far. A number that stands still means that the dispatcher is gone. */
  readonly heartbeats: number;
}

export interface RenewedLease {
  /** The database's clock, in milliseconds since 1970. */
  readonly nowMs: number;
  readonly peers: readonly Peer[];
}

const ACQUIRE = statement(
  'acquire-lease',
  `INSERT INTO dispatchers (id, name) VALUES ($1, $2)
   RETURNING date_part('epoch', clock_timestamp()) * 1000 AS now_ms`,
);

/** One row per dispatcher, the own one included: its `now_ms` comes along with each. */
const RENEW = statement(
  'renew-lease',
  `WITH renewed AS (
     UPDATE dispatchers SET heartbeats = heartbeats + 1, heartbeat_at = clock_timestamp()
     WHERE id = $1
     RETURNING date_part('epoch', clock_timestamp()) * 1000 AS now_ms
   )
   SELECT now_ms, id, heartbeats::double precision AS heartbeats FROM renewed, dispatchers`,
);

/** The claims of a removed dispatcher are kept as batches without one, and are rescued afterwards. */
const EXPIRE = statement(
  'expire-leases',
  `DELETE FROM dispatchers
   USING unnest($1::uuid[], $2::bigint[]) AS expired (id, heartbeats)
   WHERE dispatchers.id = expired.id AND dispatchers.heartbeats = expired.heartbeats`,
);

const GIVE_UP = statement('give-up-lease', 'DELETE FROM dispatchers WHERE id = $1');

/** Gives a dispatcher a lease, without which it cannot claim. Returns the database's clock in milliseconds since 1970. */
export async function acquireLease(db: Database, id: string, name: string): Promise<number> {
  const [row] = await db.rows<{ now_ms: number }>(ACQUIRE, [id, name]);
  if (row === undefined) throw new Error('the insert returned no row');
  return row.now_ms;
}

/** Renews the lease of a dispatcher. undefined: another dispatcher removed it, and may have claimed its timers. */
export async function renewLease(db: Database, id: string): Promise<RenewedLease | undefined> {
  const rows = await db.rows<{ now_ms: number; id: string; heartbeats: number }>(RENEW, [id]);
  const [first] = rows;
  if (first === undefined) return undefined;
  const peers = rows
    .filter((row) => row.id !== id)
    .map(({ id: peer, heartbeats }) => ({ id: peer, heartbeats }));
  return { nowMs: first.now_ms, peers };
}

/** Removes the leases of these dispatchers, unless they were renewed in the meantime. Returns how many. */
export async function expireLeases(db: Database, expired: readonly Peer[]): Promise<number> {
  return db.count(EXPIRE, [expired.map((peer) => peer.id), expired.map((peer) => peer.heartbeats)]);
}

/** Gives up the lease of a dispatcher. Whatever it still claims is rescued by any other. */
export async function giveUpLease(db: Database, id: string): Promise<void> {
  await db.rows(GIVE_UP, [id]);
}
