import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@timer-platform/database';

const PAUSE_MS = 50;

/** Runs a query and retries it until it succeeds. */
export async function queryWithRetries<Row extends Record<string, unknown>>(
  db: Database,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  for (;;) {
    try {
      return await db.rows<Row>({ name: '', text }, values);
    } catch {
      await delay(PAUSE_MS);
    }
  }
}
