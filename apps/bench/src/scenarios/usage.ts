import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { BenchServer } from '../database/bench-server.ts';
import { countDeadRows, readCount } from '../database/dead-rows.ts';
import { cpuSeconds, peakResidentMib } from '../measure/process-usage.ts';
import type { RunningContender } from './environment.ts';

/** What the callbacks of one measurement cost. */
export interface Usage {
  /** CPU seconds per 1,000 callbacks. */
  readonly processCpu: number;
  readonly postgresCpu: number;
  readonly peakMib: number;
  /** Bytes of WAL per callback, including full pages after the checkpoint that precedes each measurement. */
  readonly walBytes: number;
  /** Row versions per callback that its updates and deletes leave behind, in all tables, warm-up included. */
  readonly deadRows: number;
}

const POLL_MS = 20;
const DISCONNECT_TIMEOUT_MS = 10_000;

/** Not those of the benchmark itself: one of them holds a transaction open in `held`. */
const OTHER_SESSIONS = `
  SELECT count(*)::integer AS count FROM pg_stat_activity
  WHERE datname = current_database() AND application_name <> 'bench' AND backend_type = 'client backend'`;

/** The sessions of a contender have reported all changes when they are closed. */
async function waitUntilDisconnected(client: pg.Client): Promise<void> {
  const deadline = performance.now() + DISCONNECT_TIMEOUT_MS;
  while ((await readCount(client, OTHER_SESSIONS)) > 0) {
    if (performance.now() > deadline) throw new Error('the contender has left connections open');
    await delay(POLL_MS);
  }
}

/** Starts to measure. The returned function ends it after this many callbacks, and stops the contender. */
export async function startUsage(
  server: BenchServer,
  { database: { client }, process, warmedUp, deadRowsBefore }: RunningContender,
): Promise<(callbacks: number) => Promise<Usage>> {
  const before = {
    wal: await server.walBytes(),
    process: cpuSeconds(process.pid),
    postgres: server.cpuSeconds(),
  };
  return async (callbacks) => {
    const usage = {
      processCpu: ((cpuSeconds(process.pid) - before.process) * 1_000) / callbacks,
      postgresCpu: ((server.cpuSeconds() - before.postgres) * 1_000) / callbacks,
      peakMib: peakResidentMib(process.pid),
      walBytes: ((await server.walBytes()) - before.wal) / callbacks,
    };
    await process.stop();
    await waitUntilDisconnected(client);
    const deadRows = (await countDeadRows(client)) - deadRowsBefore;
    return { ...usage, deadRows: deadRows / (warmedUp + callbacks) };
  };
}
