import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@timer-platform/database';
import { queryWithRetries } from '../query-with-retries.ts';
import type { Fault, FaultTargets } from './fault.ts';

/** Longer than a lease. */
const BLOCKED_MS = 12_000;
const POLL_MS = 50;

async function postmasterPid(db: Database): Promise<number> {
  const rows = await queryWithRetries<{ pid: number }>(
    db,
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::integer AS pid`,
  );
  const pid = rows[0]?.pid;
  if (pid === undefined || pid <= 1) throw new Error('the process id of PostgreSQL is unknown');
  return pid;
}

/** Sends a signal that ends the server, and waits until its owner has started another. */
async function restartPostgres({ db }: FaultTargets, signal: NodeJS.Signals): Promise<void> {
  const pid = await postmasterPid(db);
  process.kill(pid, signal);
  while ((await postmasterPid(db)) === pid) await delay(POLL_MS);
}

function restart(signal: NodeJS.Signals): Fault {
  return {
    outage: 'all',
    run: async (targets) => {
      await restartPostgres(targets, signal);
      return undefined;
    },
  };
}

export const stopPostgres = restart('SIGINT');
export const killPostgres = restart('SIGKILL');

/**
 * Stops the server at once, as `pg_ctl stop -m immediate` does, while nothing writes WAL except durable commits: the
 * asynchronous ones since the last of these are lost.
 */
export const crashWithUnwrittenWal: Fault = {
  outage: 'all',
  prepare: async ({ db, random }) => {
    await queryWithRetries(db, `ALTER SYSTEM SET wal_writer_delay = '10s'`);
    await queryWithRetries(db, 'SELECT pg_reload_conf()');
    await delay(random.between(1_000, 4_000));
  },
  run: async (targets) => {
    await restartPostgres(targets, 'SIGQUIT');
    await queryWithRetries(targets.db, 'ALTER SYSTEM RESET wal_writer_delay');
    await queryWithRetries(targets.db, 'SELECT pg_reload_conf()');
    return undefined;
  },
};

export const cutConnections: Fault = {
  outage: 'all',
  run: async ({ db }) => {
    await queryWithRetries(
      db,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'timer-service%'`,
    );
    return undefined;
  },
};

/** Holds a lock for a while by the clock of this program: pg_sleep takes minutes more if the server's is set back. */
async function holdLock(db: Database, table: string, forMs: number): Promise<void> {
  const statement = `DO $$ BEGIN LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(3600); END $$`;
  const ended = new AbortController();
  const held = db.rows({ name: '', text: statement }).catch(() => undefined);
  void held.then(() => {
    ended.abort();
  });
  await delay(forMs, undefined, { signal: ended.signal }).catch(() => undefined);
  while (!ended.signal.aborted) {
    await queryWithRetries(db, 'SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = $1', [
      statement,
    ]);
    await delay(POLL_MS);
  }
}

function block(table: 'timers' | 'dispatchers'): Fault {
  return {
    outage: 'all',
    run: async ({ db }) => {
      // Again, if another fault ends the session.
      const endMs = performance.now() + BLOCKED_MS;
      while (performance.now() < endMs) {
        await holdLock(db, table, endMs - performance.now());
        await delay(POLL_MS);
      }
      return undefined;
    },
  };
}

export const blockTimers = block('timers');
export const blockLeases = block('dispatchers');
