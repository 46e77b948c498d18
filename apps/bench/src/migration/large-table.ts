import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { BenchServer } from '../database/bench-server.ts';
import type { StreamingReplica } from '../database/replica.ts';
import { type ServerSample, startSampling } from '../database/server-samples.ts';
import { CLIENT_URL, type ClientName, type ClientResult, startClientLoad } from './client-load.ts';
import { countChangedTimestamps, fillTimers, hashCallbacks } from './fill-timers.ts';
import { runMigrator } from './migrator-process.ts';
import { CONTRACT, runOnlineStart, type Step, type StepStart } from './online-steps.ts';

export interface LargeTableOptions {
  readonly rows: number;
  /** A streaming replica, how late it replays, and the limit of its lag for the migrator; undefined: none. */
  readonly replica?: { readonly delayMs: number; readonly maxLagMib: number } | undefined;
  /** Target duration of a batch of the backfill; undefined: the migrator's default. */
  readonly targetBatchMs?: number | undefined;
  readonly log: (text: string) => void;
}

export interface StepResult {
  readonly step: Step;
  readonly ms: number;
  readonly walBytes: number;
  /** NaN without a replica. */
  readonly longestLagBytes: number;
}

/** An online migration of a large table while clients use it. */
export interface LargeTableResult {
  readonly fillMs: number;
  /** In order, without the contract. */
  readonly steps: readonly StepResult[];
  readonly contractMs: number;
  /** The clients in the minute before the migration: what the table and the disk allow without it. */
  readonly clientsBefore: Readonly<Record<ClientName, ClientResult>>;
  readonly clients: Readonly<Record<ClientName, ClientResult>>;
  /** The step in which the longest wait of each client ended. */
  readonly longestWaitIn: Readonly<Record<ClientName, Step | undefined>>;
  readonly walBytes: number;
  /** WAL, data and temporary files. */
  readonly writtenBytes: number;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  readonly changedTimestamps: number;
  readonly callbacksKept: boolean;
}

/** How long the clients work before the migration. */
const BEFORE_MS = 60_000;

async function measureMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function readSize(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ size: number }>(
    "SELECT pg_total_relation_size('timers')::double precision AS size",
  );
  return rows[0]?.size ?? Number.NaN;
}

/** Durations, WAL and lag of each step, from its start to that of the next one. */
function measureSteps(starts: readonly StepStart[], samples: readonly ServerSample[]): StepResult[] {
  const end = samples.at(-1)?.at ?? Number.NaN;
  const walAt = (at: number): number => samples.findLast((each) => each.at <= at)?.walBytes ?? Number.NaN;
  return starts.map(({ step, at }, index) => {
    const nextAt = starts[index + 1]?.at ?? end;
    const lags = samples.filter((each) => each.at >= at && each.at <= nextAt).map(({ lagBytes }) => lagBytes);
    return {
      step,
      ms: nextAt - at,
      walBytes: walAt(nextAt) - walAt(at),
      longestLagBytes: lags.length === 0 ? Number.NaN : Math.max(...lags),
    };
  });
}

/** Runs `online start` with clients and measures each step. */
async function startOnline(
  server: BenchServer,
  url: string,
  client: pg.Client,
  replica: StreamingReplica | undefined,
  { replica: limit, targetBatchMs, log }: LargeTableOptions,
) {
  const load = await startClientLoad(url, client);
  const sampling = startSampling(server, replica);
  const options = [
    ...(limit === undefined ? [] : ['--max-replica-lag', `${limit.maxLagMib}MB`]),
    ...(targetBatchMs === undefined ? [] : ['--target-batch-ms', String(targetBatchMs)]),
  ];
  const starts = await runOnlineStart(url, options, log);
  const steps = measureSteps(starts, await sampling.stop());
  const clients = await load.stop();
  const stepOf = ({ longestWaitEndedAt }: ClientResult): Step | undefined =>
    starts.findLast(({ at }) => at <= longestWaitEndedAt)?.step;
  return {
    steps,
    clients,
    longestWaitIn: {
      reader: stepOf(clients.reader),
      updater: stepOf(clients.updater),
      inserter: stepOf(clients.inserter),
    },
  };
}

/** Fills a table of version 1 and migrates it online to version 2 while clients use it. */
export async function migrateLargeTable(
  server: BenchServer,
  options: LargeTableOptions,
): Promise<LargeTableResult> {
  const { rows, log } = options;
  const replica =
    options.replica === undefined ? undefined : await server.startReplica(options.replica.delayMs);
  const database = await server.createDatabase('bench_migration_large');
  const { client, url } = database;
  try {
    await runMigrator(url, ['migrate', '--to', '1']);
    log(`filling ${rows} rows`);
    const fillMs = await measureMs(() => fillTimers(client, rows));
    const hashBefore = await hashCallbacks(client);
    const sizeBefore = await readSize(client);
    await replica?.catchUp();

    const loadBefore = await startClientLoad(url, client);
    await sleep(BEFORE_MS);
    const clientsBefore = await loadBefore.stop();

    const [walBefore, writtenBefore] = [await server.walBytes(), await server.writtenBytes()];
    const started = await startOnline(server, url, client, replica, options);
    // The contract requires that no client uses the old columns.
    const contractMs = await measureMs(() => runMigrator(url, CONTRACT));
    await client.query('CHECKPOINT');
    const [walBytes, writtenBytes] = [
      (await server.walBytes()) - walBefore,
      (await server.writtenBytes()) - writtenBefore,
    ];

    const sizeAfter = await readSize(client);
    const changedTimestamps = await countChangedTimestamps(client);
    await client.query("DELETE FROM timers WHERE callback_config->>'url' = $1", [CLIENT_URL]);
    const callbacksKept = (await hashCallbacks(client)) === hashBefore;
    return {
      ...started,
      clientsBefore,
      fillMs,
      contractMs,
      walBytes,
      writtenBytes,
      sizeBefore,
      sizeAfter,
      changedTimestamps,
      callbacksKept,
    };
  } finally {
    await database.drop();
    await replica?.stop();
  }
}
