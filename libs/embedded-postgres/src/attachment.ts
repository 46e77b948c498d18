import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { type Cluster, CLUSTER_USER } from './cluster.ts';
import { errorCode, messageOf } from './error-code.ts';
import { isSamePath } from './judge-postmaster.ts';

/**
 * Every process that uses the server holds one session with this advisory lock in shared mode. The process that can take
 * it in exclusive mode is the last user. The kernel closes the session of a process that dies, so the lock cannot go
 * stale as a file of process ids can. Taking the lock is atomic: no process can attach between the check and the stop.
 */
const ATTACHMENT_LOCK = '8387236823645254770';
const CONNECT_TIMEOUT_MS = 5_000;
const INVALID_PASSWORD = '28P01';
const DUPLICATE_DATABASE = '42P04';
const UNIQUE_VIOLATION = '23505';

/** The session that counts one process as a user of a running server. */
export interface Attachment {
  /** Calls the listener once if the session ends unexpectedly: the server died, or was stopped by hand. */
  onLost(listener: () => void): void;
  /** Creates the database if it does not exist. */
  ensureDatabase(name: string): Promise<void>;
  /**
   * Stops counting this process as a user.
   * @returns whether it was the last user. If so, no process can attach until {@link close}
   */
  detach(): Promise<boolean>;
  /** Ends the session. */
  close(): Promise<void>;
}

export interface AttachFailure {
  /** Whether attaching may succeed later. */
  readonly retry: boolean;
  readonly reason: string;
}

/** The URL of a database of the cluster's server. */
export function clusterUrl(cluster: Cluster, port: number, database: string): string {
  const name = encodeURI(database);
  // The server has no TLS: sslmode overrides a PGSSLMODE in the environment.
  return `postgres://${CLUSTER_USER}:${cluster.password}@127.0.0.1:${port}/${name}?sslmode=disable`;
}

function attachmentOf(client: pg.Client): Attachment {
  let leaving = false;
  let ended = false;
  const listeners: (() => void)[] = [];
  client.once('end', () => {
    ended = true;
    if (!leaving) for (const listener of listeners) listener();
  });
  return {
    onLost: (listener) => {
      if (ended) queueMicrotask(listener);
      else listeners.push(listener);
    },
    ensureDatabase: async (name) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rowCount !== 0) return;
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`).catch((error: unknown) => {
        // Another process has created it. PostgreSQL reports either code.
        const code = errorCode(error);
        if (code !== DUPLICATE_DATABASE && code !== UNIQUE_VIOLATION) throw error;
      });
    },
    detach: async () => {
      leaving = true;
      try {
        // Unlock before the check: if two processes checked while both hold the lock, both would leave the server running.
        await client.query('SELECT pg_advisory_unlock_shared($1)', [ATTACHMENT_LOCK]);
        const { rows } = await client.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [
          ATTACHMENT_LOCK,
        ]);
        return rows[0]?.last === true;
      } catch {
        // The session has ended: the server is gone, or another process is stopping it.
        return false;
      }
    },
    close: async () => {
      leaving = true;
      if (!ended) await client.end();
    },
  };
}

/** Attaches this process to the server on this port. Fails if that is the server of another cluster or is being stopped. */
export async function attach(cluster: Cluster, port: number): Promise<Attachment | AttachFailure> {
  const client = new pg.Client({
    connectionString: clusterUrl(cluster, port, 'postgres'),
    application_name: 'timer-platform presence',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // Without a listener, a lost connection would end the process. The 'end' event handles the loss.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ locked: boolean; directory: string }>(
      "SELECT pg_try_advisory_lock_shared($1) AS locked, current_setting('data_directory') AS directory",
      [ATTACHMENT_LOCK],
    );
    const directory = rows[0]?.directory ?? '';
    const isOurs = [await realpath(cluster.dataDirectory), cluster.dataDirectory].some((ours) =>
      isSamePath(directory, ours, process.platform),
    );
    if (isOurs && rows[0]?.locked === true) return attachmentOf(client);
    await client.end();
    return {
      retry: true,
      reason: isOurs ? 'the server is being stopped' : `the server on port ${port} belongs to ${directory}`,
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    return { retry: errorCode(error) !== INVALID_PASSWORD, reason: `port ${port}: ${messageOf(error)}` };
  }
}
