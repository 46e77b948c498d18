import { execFile } from 'node:child_process';
import { appendFile, chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { openEmbeddedPostgres, openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import pg from 'pg';

export interface ReplicatedServer {
  readonly url: string;
  /** A client of the replica. */
  readonly replica: pg.Client;
  close(): Promise<void>;
}

const log = (): void => undefined;

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'timer-service test' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Copies the cluster of a running server, as pg_basebackup does, into `directory`. */
async function copyCluster(primaryUrl: string, from: string, directory: string): Promise<void> {
  const client = await open(primaryUrl);
  try {
    await client.query("SELECT pg_backup_start('replica', true)");
    // cp keeps the owner: for root another user runs the server.
    await promisify(execFile)('cp', ['-a', path.join(from, 'cluster'), directory]);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    const data = path.join(directory, 'cluster', 'data');
    for (const file of ['data/postmaster.pid', 'data/postmaster.opts', 'port'])
      await rm(path.join(directory, 'cluster', file), { force: true });
    const { hostname, port, username, password } = new URL(primaryUrl);
    const { uid, gid } = await stat(data);
    const files = { backup_label: rows[0]?.labelfile ?? '', 'standby.signal': '' };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(path.join(data, name), content);
      await chown(path.join(data, name), uid, gid);
    }
    await appendFile(
      path.join(data, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=${hostname} port=${port} user=${username} password=${password} application_name=replica_1 sslmode=disable'\n`,
    );
  } finally {
    await client.end();
  }
}

/** A server with an empty database and a streaming replica. */
export async function openReplicatedServer(): Promise<ReplicatedServer> {
  const settings = { wal_level: 'replica', max_wal_senders: '4', hot_standby: 'on' };
  const primary = await openTemporaryPostgres({ log, settings });
  const directory = await mkdtemp(path.join(tmpdir(), 'timer-replica-'));
  await chmod(directory, 0o755);
  await copyCluster(primary.url, primary.directory, directory);
  const standby = await openEmbeddedPostgres({ directory, log, durable: false, settings });
  const replica = await open(standby.url);
  return {
    url: primary.url,
    replica,
    close: async () => {
      await replica.end();
      await standby.stop();
      await rm(directory, { recursive: true, force: true });
      await primary.stop();
    },
  };
}
