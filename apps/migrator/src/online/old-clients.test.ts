import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import pg from 'pg';
import { type FirstServiceDatabase, openFirstServiceDatabase } from '../testing/first-service-database.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { assertNoOldClients } from './old-clients.ts';
import { contractOnline, startOnline } from './run-online.ts';

describe('assertNoOldClients as a role without pg_read_all_stats', () => {
  let server: EmbeddedPostgres;
  let owner: pg.Client;
  let limited: pg.Client;

  beforeAll(async () => {
    server = await openTemporaryPostgres({ log: () => undefined, settings: { autovacuum_naptime: '1s' } });
    owner = new pg.Client({ connectionString: server.url, application_name: 'timer-service test' });
    await owner.connect();
    await owner.query(`CREATE ROLE limited LOGIN PASSWORD 'limited'`);
    const url = new URL(server.url);
    url.username = 'limited';
    url.password = 'limited';
    limited = new pg.Client({ connectionString: url.href });
    await limited.connect();
  }, 60_000);
  afterAll(async () => {
    await limited.end();
    await owner.end();
    await server.stop();
  });

  test('does not count an autovacuum as a client', async () => {
    await owner.query(`CREATE TABLE slow WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)
      AS SELECT i, repeat('x', 500) AS text FROM generate_series(1, 50000) AS i`);
    await owner.query('DELETE FROM slow WHERE i % 2 = 0');
    await waitUntil(
      owner,
      `SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = current_database()`,
    );
    await expect(assertNoOldClients(limited, [])).resolves.toBeUndefined();
    await owner.query('DROP TABLE slow');
  }, 60_000);

  test('counts a session of another role, says what is hidden and how to grant it', async () => {
    const other = new pg.Client({ connectionString: server.url });
    await other.connect();
    await expect(assertNoOldClients(limited, [])).rejects.toMatchObject({
      code: 'old-clients',
      message: expect.stringMatching(/pid \d+, role timers[^]*GRANT pg_read_all_stats/),
    });
    await other.end();
  });

  test('exempts an application by its whole name', async () => {
    const other = new pg.Client({ connectionString: server.url, application_name: 'mca-timer' });
    await other.connect();
    for (const name of ['', 'mca', 'timer'])
      await expect(assertNoOldClients(owner, [name])).rejects.toMatchObject({ code: 'old-clients' });
    await limited.query(`SET application_name = 'timer-service limited'`);
    await assertNoOldClients(owner, ['mca-timer']);
    await limited.query(`RESET application_name`);
    await other.end();
  });
});

describe('the contract', () => {
  let database: FirstServiceDatabase;
  beforeEach(async () => {
    database = await openFirstServiceDatabase(10);
  });
  afterEach(() => database.close());

  test('finds a client of the first service that connected during the verification', async () => {
    await startOnline({ databaseUrl: database.url });
    const holder = await database.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM _online_migrations FOR UPDATE');
    const contracted = contractOnline({ databaseUrl: database.url, oldServiceStopped: true });
    const outcome = contracted.then(
      () => 'contracted',
      (error: unknown) => error,
    );
    // The verification has compared all rows and waits to store its result.
    await waitUntil(
      database.client,
      `SELECT FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND datname = current_database() AND wait_event_type = 'Lock'`,
    );
    const old = new pg.Client({ connectionString: database.url, application_name: 'mca' });
    await old.connect();
    await holder.query('COMMIT');
    expect(await outcome).toMatchObject({ code: 'old-clients', message: expect.stringContaining('mca') });
    await old.end();
    await contractOnline({ databaseUrl: database.url, oldServiceStopped: true });
  });
});
