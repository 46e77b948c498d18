import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export type ProbeName = 'reader' | 'updater' | 'inserter';

/** What one client saw. */
export interface ProbeResult {
  readonly operations: number;
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly longestWaitMs: number;
}

export interface Probes {
  /** Lets the operation under way end, then tells what each saw. */
  stop(): Promise<Readonly<Record<ProbeName, ProbeResult>>>;
}

const pauseMs = 3;

const statements: Readonly<Record<ProbeName, string>> = {
  reader: 'SELECT id, status, execute_at FROM timers WHERE id = $1',
  updater: `UPDATE timers SET metadata = '{"probe": true}' WHERE id = $1`,
  inserter: `INSERT INTO timers (execute_at, callback_url, callback_headers, callback_payload, metadata)
             VALUES (now() + interval '1 day', 'http://probe', '{"a": "b"}', '{"n": 1}', '{"probe": true}')`,
};

async function runProbe(
  url: string,
  name: ProbeName,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ProbeResult> {
  const client = new pg.Client({ connectionString: url, application_name: `timer-service probe ${name}` });
  client.on('error', () => undefined);
  await client.connect();
  let operations = 0;
  let failures = 0;
  let firstFailure: string | undefined;
  let longestWaitMs = 0;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await client.query(statements[name], name === 'inserter' ? [] : [ids[randomInt(ids.length)]]);
      operations++;
    } catch (error) {
      failures++;
      firstFailure ??= error instanceof Error ? error.message : String(error);
    }
    longestWaitMs = Math.max(longestWaitMs, performance.now() - startedAt);
    await sleep(pauseMs);
  }
  await client.end();
  return { operations, failures, firstFailure, longestWaitMs };
}

/** A reader, an updater and an inserter of the old service's shape, each on a connection of its own. */
export async function startProbes(url: string, client: pg.Client): Promise<Probes> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM timers ORDER BY id LIMIT 20000');
  const ids = rows.map(({ id }) => id);
  const stop = new AbortController();
  const running = (['reader', 'updater', 'inserter'] as const).map((name) =>
    runProbe(url, name, ids, stop.signal),
  );
  return {
    stop: async () => {
      stop.abort();
      const [reader, updater, inserter] = await Promise.all(running);
      if (reader === undefined || updater === undefined || inserter === undefined)
        throw new Error('a probe is missing');
      return { reader, updater, inserter };
    },
  };
}
