import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { migrateToLatest } from '@timer-platform/migrations';
import pg from 'pg';
import { checkFreeDisk, judgeFreeDisk } from './free-disk.ts';

const GB = 1024 ** 3;

test('judgeFreeDisk calls the disk too small when less than twice the table is free', () => {
  expect(judgeFreeDisk(GB, { bytes: 2 * GB - 1 })).toMatchObject({ tooSmall: true });
  expect(judgeFreeDisk(GB, { bytes: 2 * GB })).toEqual({
    tooSmall: false,
    text: 'timers takes 1.0 GB with its indexes; 2.0 GB must be free, and as much again for WAL. 2.0 GB is free',
  });
});

test('judgeFreeDisk says why it does not know, and leaves the decision to the operator', () => {
  const { tooSmall, text } = judgeFreeDisk(GB, { unknown: 'the server is elsewhere' });
  expect(tooSmall).toBe(false);
  expect(text).toMatch(/2\.0 GB must be free.* Check it yourself: the server is elsewhere$/);
});

let server: EmbeddedPostgres;
let client: pg.Client;
beforeAll(async () => {
  server = await openTemporaryPostgres({ log: () => undefined });
  await migrateToLatest({ databaseUrl: server.url, to: 1n });
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client.end();
  await server.stop();
});

test('checkFreeDisk reads the file system of a server on this machine', async () => {
  expect(await checkFreeDisk(client, false)).toMatch(/ is free$/);
});

test('checkFreeDisk says which privilege a role lacks to know the directory', async () => {
  await client.query('CREATE ROLE limited');
  await client.query('GRANT SELECT ON timers TO limited');
  await client.query('SET ROLE limited');
  expect(await checkFreeDisk(client, false)).toContain('GRANT pg_read_all_settings');
  await client.query('RESET ROLE');
});
