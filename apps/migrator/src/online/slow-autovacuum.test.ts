import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FirstServiceDatabase, openFirstServiceDatabase } from '../testing/first-service-database.ts';
import { abortOnline, contractOnline, startOnline } from './run-online.ts';

let database: FirstServiceDatabase;
beforeEach(async () => {
  database = await openFirstServiceDatabase(10);
});
afterEach(() => database.close());

async function storageOptions(): Promise<readonly string[] | null> {
  const { rows } = await database.client.query<{ options: string[] | null }>(
    `SELECT reloptions AS options FROM pg_class WHERE oid = 'timers'::regclass`,
  );
  return rows[0]?.options ?? null;
}

const start = () => startOnline({ databaseUrl: database.url });
const contract = () => contractOnline({ databaseUrl: database.url, oldServiceStopped: true });
const abort = () => abortOnline({ databaseUrl: database.url });

describe.each([
  ['contract', contract],
  ['abort', abort],
])('until %s', (_, end) => {
  test('autovacuums of timers are slower', async () => {
    await start();
    expect(await storageOptions()).toEqual(['autovacuum_vacuum_cost_delay=10']);
    await end();
    expect(await storageOptions()).toBeNull();
  });

  test('a delay that the operator has chosen before stays', async () => {
    await database.client.query('ALTER TABLE timers SET (autovacuum_vacuum_cost_delay = 5, fillfactor = 90)');
    await start();
    await end();
    expect(await storageOptions()).toEqual(['autovacuum_vacuum_cost_delay=5', 'fillfactor=90']);
  });

  test('a delay that the operator has chosen meanwhile stays', async () => {
    await start();
    await database.client.query('ALTER TABLE timers SET (autovacuum_vacuum_cost_delay = 0)');
    await end();
    expect(await storageOptions()).toEqual(['autovacuum_vacuum_cost_delay=0']);
  });
});
