import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import pg from 'pg';
import { z } from 'zod';
import { postmasterOf, serverCpuSeconds } from '../measure/process-usage.ts';

/** The PostgreSQL that all contenders of a run share, each with a database of its own. */
export interface BenchServer {
  readonly url: string;
  /** What it is, and every setting that was changed. */
  readonly description: string;
  /** CPU seconds of the server so far; NaN when it runs on another machine. */
  cpuSeconds(): number;
  /** Makes an empty database, dropping what was left under its name. */
  createDatabase(name: string): Promise<BenchDatabase>;
  stop(): Promise<void>;
}

export interface BenchDatabase {
  readonly name: string;
  readonly url: string;
  /** A connection for loading and looking; ended by {@link drop}. */
  readonly client: pg.Client;
  drop(): Promise<void>;
}

/** Durable, as in production; the rest is what any operator of a busy PostgreSQL sets. */
const SETTINGS = {
  max_connections: '300',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
} as const;

export async function connectClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  return client;
}

/** Opens `databaseUrl`, or without one a throw-away server that writes durably. */
export async function openBenchServer(databaseUrl: string | undefined): Promise<BenchServer> {
  if (databaseUrl !== undefined && databaseUrl !== '') return useServer(databaseUrl, 'DATABASE_URL', []);
  const server = await openTemporaryPostgres({ durable: true, settings: SETTINGS, log: () => undefined });
  const changed = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  return useServer(server.url, `embedded, ${changed.join(' ')}`, [() => server.stop()]);
}

async function useServer(
  url: string,
  origin: string,
  closers: readonly (() => Promise<unknown>)[],
): Promise<BenchServer> {
  const admin = await connectClient(url);
  const { rows } = await admin.query(
    'SELECT version(), pg_backend_pid() AS pid, current_setting($1) AS fsync',
    ['fsync'],
  );
  const [about] = z.array(z.object({ version: z.string(), pid: z.number(), fsync: z.string() })).parse(rows);
  if (about === undefined) throw new Error('the server told nothing about itself');
  const postmaster = postmasterOf(about.pid);
  const version = /^PostgreSQL \S+/.exec(about.version)?.[0] ?? about.version;
  return {
    url,
    description: `${version} (${origin}, fsync=${about.fsync})`,
    cpuSeconds: () => (postmaster === undefined ? Number.NaN : serverCpuSeconds(postmaster)),
    createDatabase: async (name) => {
      const quoted = pg.escapeIdentifier(name);
      await admin.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${quoted}`);
      const own = new URL(url);
      own.pathname = `/${name}`;
      const client = await connectClient(own.href);
      const drop = async () => {
        await client.end();
        await admin.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
      };
      return { name, url: own.href, client, drop };
    },
    stop: async () => {
      await admin.end();
      for (const close of closers) await close();
    },
  };
}
