import type pg from 'pg';
import type { BenchServer } from '../database/bench-server.ts';
import { callbackSum, countChangedStamps, fillTimers } from './fill-timers.ts';
import { runMigrator } from './migrator-process.ts';
import { type ProbeName, type ProbeResult, startProbes } from './probes.ts';
import { type SchemaText, schemaText } from './schema-text.ts';

/** One way from version 1 to 2, seen by clients that go on working. */
export interface WayResult {
  readonly name: 'plain' | 'online';
  /** Milliseconds: the whole way, of which the contract. */
  readonly totalMs: number;
  readonly contractMs: number | undefined;
  /** How long the transaction that 002 ends with kept everybody out, by the ledger: all of it, or the contract's end. */
  readonly lockedMs: number;
  readonly probes: Readonly<Record<ProbeName, ProbeResult>>;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  readonly changedStamps: number;
  /** Whether every callback is what it was; only told where nobody wrote callbacks meanwhile. */
  readonly rows: number;
  readonly schema: SchemaText;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function executionMs(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    'SELECT execution_time::float8 / 1e6 AS ms FROM _sqlx_migrations WHERE version = 2',
  );
  return rows[0]?.ms ?? Number.NaN;
}

async function playWay(server: BenchServer, name: WayResult['name'], rows: number): Promise<WayResult> {
  const database = await server.createDatabase(`bench_migration_${name}`);
  const { client, url } = database;
  const size = async (): Promise<number> =>
    Number(
      (await client.query<{ size: string }>("SELECT pg_total_relation_size('timers') AS size")).rows[0]?.size,
    );
  try {
    await runMigrator(url, ['migrate', '--to', '1']);
    await fillTimers(client, rows);
    const sumBefore = await callbackSum(client);
    const sizeBefore = await size();

    const running = await startProbes(url, client);
    const steps = name === 'plain' ? ['migrate', '--to', '2', '--allow-blocking'] : ['online', 'start'];
    const upToContract = await timed(() => runMigrator(url, steps));
    const probes = await running.stop();
    // Nobody of the old shape may be left at the contract.
    const contractMs =
      name === 'plain'
        ? undefined
        : await timed(() =>
            runMigrator(url, ['online', 'contract', '--old-service-stopped', '--known-application', 'bench']),
          );

    const lockedMs = await executionMs(client);
    const sizeAfter = await size();
    const changedStamps = await countChangedStamps(client);
    await client.query("DELETE FROM timers WHERE callback_config->>'url' = 'http://probe'");
    if ((await callbackSum(client)) !== sumBefore)
      throw new Error(`${name}: the callbacks are not what they were`);
    await client.query('DROP TABLE stamps_before');
    return {
      name,
      totalMs: upToContract + (contractMs ?? 0),
      contractMs,
      lockedMs,
      probes,
      sizeBefore,
      sizeAfter,
      changedStamps,
      rows,
      schema: await schemaText(url, client),
    };
  } finally {
    await database.drop();
  }
}

export interface Comparison {
  readonly plain: WayResult;
  readonly online: WayResult;
  readonly sameSchema: boolean;
}

/** Both ways on equal tables, one after the other, under the same load. */
export async function compareMigrations(
  server: BenchServer,
  rows: number,
  log: (text: string) => void,
): Promise<Comparison> {
  log(`plain: ${rows} rows`);
  const plain = await playWay(server, 'plain', rows);
  log(`online: ${rows} rows`);
  const online = await playWay(server, 'online', rows);
  return {
    plain,
    online,
    sameSchema: plain.schema.by === online.schema.by && plain.schema.text === online.schema.text,
  };
}

export function longestWait({ probes }: WayResult): number {
  return Math.max(...Object.values(probes).map((probe) => probe.longestWaitMs));
}

/** The promises that do not hold; empty when all do. */
export function brokenPromises({ plain, online, sameSchema }: Comparison): string[] {
  const broken: string[] = [];
  const failures = Object.values(online.probes).reduce((sum, probe) => sum + probe.failures, 0);
  if (failures > 0) broken.push(`${failures} operations failed during the online migration`);
  if (longestWait(online) >= 1_000)
    broken.push(`somebody waited ${longestWait(online).toFixed(0)} ms during the online migration`);
  // The plain file's wait grows with the table, ours does not: a ratio means something on a large one only.
  if (online.rows >= 1_000_000 && longestWait(online) * 50 >= longestWait(plain)) {
    broken.push(
      `the longest wait is not under 1/50 of the plain file's, ${longestWait(plain).toFixed(0)} ms`,
    );
  }
  if (online.changedStamps > 0)
    broken.push(`updated_at changed on ${online.changedStamps} rows that nobody wrote`);
  if (!sameSchema) broken.push('the two schemas differ');
  return broken;
}
