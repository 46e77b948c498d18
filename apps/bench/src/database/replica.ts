import { execFile } from 'node:child_process';
import { appendFile, chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type EmbeddedPostgres,
  openEmbeddedPostgres,
  type PostgresSettings,
} from '@timer-platform/embedded-postgres';
import type pg from 'pg';
import { z } from 'zod';

/** A replica that streams from a server and replays what it receives. */
export interface StreamingReplica {
  /** Bytes of WAL that the replica has not replayed yet. */
  lagBytes(): Promise<number>;
  /** Waits until it has replayed all but the last commits. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = 'bench_replica';
const CAUGHT_UP_BYTES = 1024 ** 2;
const POLL_MS = 100;
const LAG = `
  SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), COALESCE(replay_lsn, '0/0'))::double precision AS bytes
  FROM pg_stat_replication WHERE application_name = '${NAME}'`;

/** Creates a file of the user that runs the server. */
async function addFile(data: string, name: string, text: string): Promise<void> {
  const file = path.join(data, name);
  await writeFile(file, text, { mode: 0o600 });
  const { uid, gid } = await stat(data);
  await chown(file, uid, gid);
}

/**
 * Copies the data of a running server, as pg_basebackup does, which the embedded packages do not have. cp keeps the
 * owner: for root, another user runs the server.
 */
async function copyData(admin: pg.Client, from: string, directory: string): Promise<void> {
  await admin.query("SELECT pg_backup_start('replica', true)");
  await promisify(execFile)('cp', ['-a', path.join(from, 'cluster'), directory]);
  const { rows } = await admin.query('SELECT labelfile FROM pg_backup_stop(false)');
  const [{ labelfile }] = z.tuple([z.object({ labelfile: z.string() })]).parse(rows);
  for (const file of ['data/postmaster.pid', 'data/postmaster.opts', 'port'])
    await rm(path.join(directory, 'cluster', file), { force: true });
  await addFile(path.join(directory, 'cluster', 'data'), 'backup_label', labelfile);
}

/**
 * Starts a replica of an embedded server. A replication slot keeps the WAL that it has not received.
 *
 * @param admin a connection of a superuser to the server
 * @param delayMs how long the replica waits before it replays a commit: a replica as slow as that
 */
export async function startReplica(
  admin: pg.Client,
  primary: EmbeddedPostgres,
  settings: PostgresSettings,
  delayMs: number,
): Promise<StreamingReplica> {
  const directory = await mkdtemp(path.join(tmpdir(), 'timer-replica-'));
  await chmod(directory, 0o755);
  await admin.query(`SELECT pg_create_physical_replication_slot('${NAME}', true)`);
  await copyData(admin, primary.directory, directory);
  const data = path.join(directory, 'cluster', 'data');
  const { hostname, port, username, password } = new URL(primary.url);
  const primaryConnection = `host=${hostname} port=${port} user=${username} password=${password} application_name=${NAME}`;
  await appendFile(
    path.join(data, 'postgresql.auto.conf'),
    `primary_conninfo = '${primaryConnection}'\nprimary_slot_name = '${NAME}'\n`,
  );
  await addFile(data, 'standby.signal', '');
  const standby = await openEmbeddedPostgres({
    directory,
    settings: { ...settings, recovery_min_apply_delay: `${delayMs}ms` },
    log: () => undefined,
  });
  const lagBytes = async (): Promise<number> => {
    const { rows } = await admin.query(LAG);
    return z.tuple([z.object({ bytes: z.number() })]).parse(rows)[0].bytes;
  };
  return {
    lagBytes,
    catchUp: async () => {
      while ((await lagBytes()) > CAUGHT_UP_BYTES) await sleep(POLL_MS);
    },
    stop: async () => {
      await standby.stop();
      await admin.query(`SELECT pg_drop_replication_slot('${NAME}')`);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
