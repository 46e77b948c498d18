import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { type Cluster, CLUSTER_USER } from './cluster.ts';
import { errorCode, messageOf } from './error-code.ts';

/**
 * A process that uses the server holds one session with this advisory lock, shared. Whoever can take it exclusively is
 * the last one. The kernel closes the session of a process that dies in any way, so the lock cannot go stale as a file
 * of process ids can; and it is taken in one step, so nobody can join between "am I the last?" and "stop".
 */
const PRESENCE_LOCK = '8387236823645254770';
const CONNECT_TIMEOUT_MS = 5_000;

/** One process's use of a running server. */
export interface Presence {
  /** Called once when the session is lost although nobody ended it: the server died, or was stopped by hand. */
  onLost(listener: () => void): void;
  /** Creates the database unless it is there. */
  ensureDatabase(name: string): Promise<void>;
  /**
   * Gives up the use.
   * @returns whether this was the last one. If so it stays so: nobody can join until {@link end}.
   */
  leave(): Promise<boolean>;
  end(): Promise<void>;
}

/** Why a server could not be joined: try again soon, or do not. */
export interface NotJoined {
  readonly retry: boolean;
  readonly reason: string;
}

/** The URL of a database of the cluster's server. */
export function clusterUrl(cluster: Cluster, port: number, database: string): string {
  const name = encodeURI(database);
  // sslmode, so that a PGSSLMODE in the environment does not ask for what this server does not have.
  return `postgres://${CLUSTER_USER}:${cluster.password}@127.0.0.1:${port}/${name}?sslmode=disable`;
}

function presenceOf(client: pg.Client): Presence {
  let leaving = false;
  let lost = false;
  const listeners: (() => void)[] = [];
  client.once('end', () => {
    lost = true;
    if (!leaving) for (const listener of listeners) listener();
  });
  const end = async (): Promise<void> => {
    leaving = true;
    if (!lost) await client.end();
  };
  return {
    onLost: (listener) => {
      if (lost) queueMicrotask(listener);
      else listeners.push(listener);
    },
    ensureDatabase: async (name) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rowCount !== 0) return;
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`).catch((error: unknown) => {
        // Another process was faster: duplicate_database, or the unique index behind it.
        if (errorCode(error) !== '42P04' && errorCode(error) !== '23505') throw error;
      });
    },
    leave: async () => {
      leaving = true;
      try {
        // First let go, then ask: two that ask while they still hold it would both be told "no" and both leave it running.
        await client.query('SELECT pg_advisory_unlock_shared($1)', [PRESENCE_LOCK]);
        const { rows } = await client.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [
          PRESENCE_LOCK,
        ]);
        return rows[0]?.last === true;
      } catch {
        // The session is gone: the server is, or another last one is stopping it.
        return false;
      }
    },
    end,
  };
}

/** Joins the server on this port if it is the one of this cluster and is not being stopped. */
export async function joinServer(cluster: Cluster, port: number): Promise<Presence | NotJoined> {
  const client = new pg.Client({
    connectionString: clusterUrl(cluster, port, 'postgres'),
    application_name: 'timer-platform presence',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // Without a listener a lost connection would end the process; what follows from it is decided on "end".
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ joined: boolean; directory: string }>(
      "SELECT pg_try_advisory_lock_shared($1) AS joined, current_setting('data_directory') AS directory",
      [PRESENCE_LOCK],
    );
    const directory = rows[0]?.directory ?? '';
    const ours = directory === (await realpath(cluster.dataDirectory)) || directory === cluster.dataDirectory;
    if (ours && rows[0]?.joined === true) return presenceOf(client);
    await client.end();
    return ours
      ? { retry: true, reason: 'the server is being stopped' }
      : { retry: true, reason: `the server on port ${port} belongs to ${directory}` };
  } catch (error) {
    await client.end().catch(() => undefined);
    return { retry: errorCode(error) !== '28P01', reason: `port ${port}: ${messageOf(error)}` };
  }
}
