import { type EmbeddedPostgres, openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import pg from 'pg';
import { z } from 'zod';
import { postmasterOf, serverCpuSeconds } from '../measure/process-usage.ts';
import { startReplica, type StreamingReplica } from './replica.ts';

/** The PostgreSQL that all contenders share. Each has its own database. */
export interface BenchServer {
  readonly url: string;
  /** Version, origin and changed settings. */
  readonly description: string;
  /** CPU seconds of the server so far; NaN if it runs on another machine. */
  cpuSeconds(): number;
  /** Bytes of WAL that the server has written so far. */
  walBytes(): Promise<number>;
  /** Bytes that the server has written so far: WAL, data and temporary files. NaN before PostgreSQL 18. */
  writtenBytes(): Promise<number>;
  /**
   * Starts a streaming replica, which replays with this delay. Stop it before the server.
   * @throws Error when the server is not the temporary one
   */
  startReplica(delayMs: number): Promise<StreamingReplica>;
  /** Creates an empty database; drops an existing one of that name. */
  createDatabase(name: string): Promise<BenchDatabase>;
  stop(): Promise<void>;
}

export interface BenchDatabase {
  readonly name: string;
  readonly url: string;
  /** A connection for filling and reading the database; closed by {@link drop}. */
  readonly client: pg.Client;
  drop(): Promise<void>;
}

/** Settings that are usual for a busy PostgreSQL. */
const SETTINGS = {
  max_connections: '300',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
} as const;

const WRITTEN_BYTES = `
  SELECT ((SELECT sum(write_bytes) FROM pg_stat_io) + (SELECT sum(temp_bytes) FROM pg_stat_database))::double precision AS bytes`;

export async function connectClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  return client;
}

/** Connects to `databaseUrl`, or starts a temporary server that writes durably, as in production. */
export async function openBenchServer(databaseUrl: string | undefined): Promise<BenchServer> {
  if (databaseUrl !== undefined && databaseUrl !== '') return useServer(databaseUrl, 'DATABASE_URL');
  const server = await openTemporaryPostgres({ durable: true, settings: SETTINGS, log: () => undefined });
  const changed = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  return useServer(server.url, `embedded, ${changed.join(' ')}`, server);
}

async function useServer(url: string, origin: string, embedded?: EmbeddedPostgres): Promise<BenchServer> {
  const admin = await connectClient(url);
  const { rows } = await admin.query(
    'SELECT version(), pg_backend_pid() AS pid, current_setting($1) AS fsync',
    ['fsync'],
  );
  const [server] = z.array(z.object({ version: z.string(), pid: z.number(), fsync: z.string() })).parse(rows);
  if (server === undefined) throw new Error('the server returned no version');
  const postmaster = postmasterOf(server.pid);
  const version = /^PostgreSQL \S+/.exec(server.version)?.[0] ?? server.version;
  return {
    url,
    description: `${version} (${origin}, fsync=${server.fsync})`,
    cpuSeconds: () => (postmaster === undefined ? Number.NaN : serverCpuSeconds(postmaster)),
    walBytes: async () => {
      const { rows: positions } = await admin.query(
        `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::double precision AS bytes`,
      );
      return z.tuple([z.object({ bytes: z.number() })]).parse(positions)[0].bytes;
    },
    writtenBytes: async () => {
      const { rows: sums } = await admin
        .query(WRITTEN_BYTES)
        .catch(() => ({ rows: [{ bytes: Number.NaN }] }));
      return z.tuple([z.object({ bytes: z.nan().or(z.number()) })]).parse(sums)[0].bytes;
    },
    startReplica: (delayMs) => {
      if (embedded === undefined) throw new Error('a replica needs the temporary server: unset DATABASE_URL');
      return startReplica(admin, embedded, SETTINGS, delayMs);
    },
    createDatabase: async (name) => {
      const quoted = pg.escapeIdentifier(name);
      await admin.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${quoted}`);
      const databaseUrl = new URL(url);
      databaseUrl.pathname = `/${name}`;
      const client = await connectClient(databaseUrl.href);
      const drop = async () => {
        await client.end();
        await admin.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
      };
      return { name, url: databaseUrl.href, client, drop };
    },
    stop: async () => {
      await admin.end();
      await embedded?.stop();
    },
  };
}
