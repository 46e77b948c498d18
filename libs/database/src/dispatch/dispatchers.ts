import { type Database, statement } from '../connect.ts';

const REGISTER = statement('register-dispatcher', 'INSERT INTO dispatchers (id, name) VALUES ($1, $2)');

const RENEW = statement(
  'renew-dispatcher',
  'UPDATE dispatchers SET heartbeat_at = clock_timestamp() WHERE id = $1 RETURNING id',
);

const UNREGISTER = statement('unregister-dispatcher', 'DELETE FROM dispatchers WHERE id = $1');

/** Makes a dispatcher known; only a known one can claim. */
export async function registerDispatcher(db: Database, id: string, name: string): Promise<void> {
  await db.rows(REGISTER, [id, name]);
}

/** Says that the dispatcher lives. false: it was taken for dead, and its claims may be another's by now. */
export async function renewDispatcher(db: Database, id: string): Promise<boolean> {
  const rows = await db.rows(RENEW, [id]);
  return rows.length === 1;
}

/** Takes a dispatcher off the list; whatever it still holds is recovered by the next sweep of any other. */
export async function unregisterDispatcher(db: Database, id: string): Promise<void> {
  await db.rows(UNREGISTER, [id]);
}
