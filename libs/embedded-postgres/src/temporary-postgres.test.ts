import { access } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import { openTemporaryPostgres } from './temporary-postgres.ts';

test('runs without fsync in its own environment, and deletes its data when stopped', async () => {
  const server = await openTemporaryPostgres({
    log: () => undefined,
    settings: { work_mem: '5MB' },
    environment: { SERVER_VARIABLE: 'of the server' },
  });
  const client = new pg.Client(server.url);
  await client.connect();
  const { rows } = await client.query(
    "SELECT current_setting('fsync') AS fsync, current_setting('work_mem') AS work_mem",
  );
  await client.query('CREATE TEMPORARY TABLE variables (text text)');
  await client.query("COPY variables FROM PROGRAM 'env'");
  const variables = await client.query("SELECT text FROM variables WHERE text LIKE 'SERVER_VARIABLE=%'");
  await client.end();
  expect(variables.rows).toEqual([{ text: 'SERVER_VARIABLE=of the server' }]);
  expect(rows).toEqual([{ fsync: 'off', work_mem: '5MB' }]);
  await access(server.directory);
  expect(await server.stop()).toBe(true);
  await expect(access(server.directory)).rejects.toMatchObject({ code: 'ENOENT' });
});
