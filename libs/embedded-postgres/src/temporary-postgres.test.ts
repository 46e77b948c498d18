import { access } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import { openTemporaryPostgres } from './temporary-postgres.ts';

test('runs without fsync and deletes its data when stopped', async () => {
  const server = await openTemporaryPostgres({ log: () => undefined, settings: { work_mem: '5MB' } });
  const client = new pg.Client(server.url);
  await client.connect();
  const { rows } = await client.query(
    "SELECT current_setting('fsync') AS fsync, current_setting('work_mem') AS work_mem",
  );
  await client.end();
  expect(rows).toEqual([{ fsync: 'off', work_mem: '5MB' }]);
  await access(server.directory);
  expect(await server.stop()).toBe(true);
  await expect(access(server.directory)).rejects.toMatchObject({ code: 'ENOENT' });
});
