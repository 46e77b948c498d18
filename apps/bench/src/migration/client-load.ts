import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export type ClientName = 'reader' | 'updater' | 'inserter';

/** The operations of one client during a migration. */
export interface ClientResult {
  readonly operations: number;
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly longestWaitMs: number;
  /** When the longest wait ended, by `performance.now()`. */
  readonly longestWaitEndedAt: number;
}

export interface ClientLoad {
  /** Waits for the operations in progress and returns the result of each client. */
  stop(): Promise<Readonly<Record<ClientName, ClientResult>>>;
}

const PAUSE_MS = 3;
/** The callback URL of inserted timers. */
export const CLIENT_URL = 'http://bench-client';

const STATEMENTS: Readonly<Record<ClientName, string>> = {
  reader: 'SELECT id, status, execute_at FROM timers WHERE id = $1',
  updater: `UPDATE timers SET metadata = '{"bench": true}' WHERE id = $1`,
  inserter: `INSERT INTO timers (execute_at, callback_url, callback_headers, callback_payload, metadata)
             VALUES (now() + interval '1 day', '${CLIENT_URL}', '{"a": "b"}', '{"n": 1}', '{"bench": true}')`,
};

const ESTIMATE = "SELECT reltuples AS rows FROM pg_class WHERE oid = 'timers'::regclass";
const SAMPLE = 'SELECT id FROM timers TABLESAMPLE BERNOULLI (least(100, 100 * 20000 / $1::float8))';

/** The ids of about 20,000 timers from all over the table, which was analyzed. */
async function sampleIds(client: pg.Client): Promise<string[]> {
  const { rows: estimates } = await client.query<{ rows: number }>(ESTIMATE);
  const { rows } = await client.query<{ id: string }>(SAMPLE, [Math.max(estimates[0]?.rows ?? 0, 1)]);
  return rows.map(({ id }) => id);
}

async function runClient(
  url: string,
  name: ClientName,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ClientResult> {
  const client = new pg.Client({ connectionString: url, application_name: `timer-service ${name}` });
  client.on('error', () => undefined);
  await client.connect();
  let operations = 0;
  let failures = 0;
  let firstFailure: string | undefined;
  let longestWaitMs = 0;
  let longestWaitEndedAt = 0;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await client.query(STATEMENTS[name], name === 'inserter' ? [] : [ids[randomInt(ids.length)]]);
      operations++;
    } catch (error) {
      failures++;
      firstFailure ??= error instanceof Error ? error.message : String(error);
    }
    const endedAt = performance.now();
    if (endedAt - startedAt > longestWaitMs) {
      longestWaitMs = endedAt - startedAt;
      longestWaitEndedAt = endedAt;
    }
    await sleep(PAUSE_MS);
  }
  await client.end();
  return { operations, failures, firstFailure, longestWaitMs, longestWaitEndedAt };
}

/** Starts a reader, an updater and an inserter that writes rows as the first service did, each on its own connection. */
export async function startClientLoad(url: string, client: pg.Client): Promise<ClientLoad> {
  const ids = await sampleIds(client);
  const stop = new AbortController();
  const running = (['reader', 'updater', 'inserter'] as const).map((name) =>
    runClient(url, name, ids, stop.signal),
  );
  return {
    stop: async () => {
      stop.abort();
      const [reader, updater, inserter] = await Promise.all(running);
      if (reader === undefined || updater === undefined || inserter === undefined)
        throw new Error('a client is missing');
      return { reader, updater, inserter };
    },
  };
}
