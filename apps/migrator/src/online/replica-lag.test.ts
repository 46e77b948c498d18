import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { migrateToLatest } from '@timer-platform/migrations';
import pg from 'pg';
import { openReplicatedServer, type ReplicatedServer } from '../testing/replicated-server.ts';
import { findLaggingReplica, ReplicaThrottle } from './replica-lag.ts';
import { resumeOnline, startOnline } from './run-online.ts';

describe('findLaggingReplica', () => {
  const replica = (name: string, lag: number | null) => ({ name, state: 'streaming', lag_bytes: lag });

  test('names the one that is furthest behind, above the limit', () => {
    const replicas = [replica('a', 200), replica('b', 300), replica('receiver', null), replica('c', 100)];
    expect(findLaggingReplica(replicas, 100)).toEqual({ name: 'b', bytes: 300 });
    expect(findLaggingReplica(replicas, 300)).toBeUndefined();
    expect(findLaggingReplica([], 0)).toBeUndefined();
  });
});

describe('with a streaming replica', () => {
  let server: ReplicatedServer;
  let client: pg.Client;

  beforeAll(async () => {
    server = await openReplicatedServer();
    client = new pg.Client({ connectionString: server.url, application_name: 'timer-service test' });
    await client.connect();
    await migrateToLatest({ databaseUrl: server.url, to: 1n });
    await client.query(
      `INSERT INTO timers (execute_at, callback_url) SELECT now() + interval '1 day', 'http://a/' || i FROM generate_series(1, 2000) AS i`,
    );
  }, 60_000);
  afterAll(async () => {
    await client.end();
    await server.close();
  });

  const throttle = { targetBatchMs: 20, firstBatchRows: 50, pauseRatio: 0 };

  test('batches wait while it does not replay, and can be stopped while they wait', async () => {
    await server.replica.query('SELECT pg_wal_replay_pause()');
    const stop = new AbortController();
    const notices: string[] = [];
    let batches = 0;
    const stopped = startOnline({
      databaseUrl: server.url,
      throttle,
      maxReplicaLagBytes: 64 * 1024,
      signal: stop.signal,
      report: (event) => {
        if (event.kind === 'batch') batches += 1;
        if (event.kind !== 'notice' || !event.text.startsWith('waiting for replica')) return;
        notices.push(event.text);
        stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(batches).toBeLessThan(40);
    expect(notices).toEqual([
      expect.stringMatching(/^waiting for replica replica_1, which is .* behind \(limit 64\.0 kB/),
    ]);

    const resumed = resumeOnline({
      databaseUrl: server.url,
      throttle,
      maxReplicaLagBytes: 64 * 1024,
      report: (event) => {
        if (event.kind === 'notice' && event.text.startsWith('waiting for replica'))
          void server.replica.query('SELECT pg_wal_replay_resume()');
      },
    });
    await resumed;
    const { rows } = await client.query('SELECT phase, rows_done::int AS rows FROM _online_migrations');
    expect(rows).toEqual([{ phase: 'verified', rows: 2000 }]);
  }, 60_000);

  test('a role that may not see its lag is told so once, and does not wait', async () => {
    await client.query(`CREATE ROLE limited LOGIN PASSWORD 'limited'`);
    const url = new URL(server.url);
    url.username = 'limited';
    url.password = 'limited';
    const limited = new pg.Client({ connectionString: url.href });
    await limited.connect();
    const notices: string[] = [];
    const replicas = new ReplicaThrottle(limited, 0, (text) => notices.push(text));
    const assertNotStopped = () => Promise.reject(new Error('it waits'));
    await replicas.wait(assertNotStopped);
    await replicas.wait(assertNotStopped);
    await limited.end();
    expect(notices).toEqual([expect.stringContaining('GRANT pg_read_all_stats')]);
  });
});
