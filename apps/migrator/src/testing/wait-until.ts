import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** Polls until the query returns a row. */
export async function waitUntil(client: pg.Client, query: string): Promise<void> {
  while ((await client.query(query)).rowCount === 0) await sleep(10);
}
