import type pg from 'pg';
import type { BenchServer } from '../database/bench-server.ts';
import { CLIENT_URL, type ClientName, type ClientResult, startClientLoad } from './client-load.ts';
import { countChangedTimestamps, fillTimers, hashCallbacks } from './fill-timers.ts';
import { runMigrator } from './migrator-process.ts';
import { CONTRACT, START } from './online-steps.ts';
import { readSchemaText, type SchemaText } from './schema-text.ts';

/** A migration from version 1 to 2 while clients use the table. Durations are in milliseconds. */
export interface MigrationResult {
  readonly name: 'plain' | 'online';
  readonly totalMs: number;
  /** The part of `totalMs` that the contract took. */
  readonly contractMs: number | undefined;
  /** How long the last transaction locked the table, as recorded in the ledger. */
  readonly lockedMs: number;
  readonly clients: Readonly<Record<ClientName, ClientResult>>;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  readonly changedTimestamps: number;
  readonly rows: number;
  readonly schema: SchemaText;
}

async function measureMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function readExecutionMs(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    'SELECT execution_time::float8 / 1e6 AS ms FROM _sqlx_migrations WHERE version = 2',
  );
  return rows[0]?.ms ?? Number.NaN;
}

async function runMigration(
  server: BenchServer,
  name: MigrationResult['name'],
  rows: number,
): Promise<MigrationResult> {
  const database = await server.createDatabase(`bench_migration_${name}`);
  const { client, url } = database;
  const readSize = async (): Promise<number> =>
    Number(
      (await client.query<{ size: string }>("SELECT pg_total_relation_size('timers') AS size")).rows[0]?.size,
    );
  try {
    await runMigrator(url, ['migrate', '--to', '1']);
    await fillTimers(client, rows);
    const hashBefore = await hashCallbacks(client);
    const sizeBefore = await readSize();

    const load = await startClientLoad(url, client);
    const args = name === 'plain' ? ['migrate', '--to', '2', '--allow-blocking'] : START;
    const beforeContractMs = await measureMs(() => runMigrator(url, args));
    const clients = await load.stop();
    // The contract requires that no client uses the old columns.
    const contractMs = name === 'plain' ? undefined : await measureMs(() => runMigrator(url, CONTRACT));

    const lockedMs = await readExecutionMs(client);
    const sizeAfter = await readSize();
    const changedTimestamps = await countChangedTimestamps(client);
    await client.query("DELETE FROM timers WHERE callback_config->>'url' = $1", [CLIENT_URL]);
    if ((await hashCallbacks(client)) !== hashBefore)
      throw new Error(`${name}: callbacks were lost or changed`);
    await client.query('DROP TABLE timestamps_before');
    return {
      name,
      totalMs: beforeContractMs + (contractMs ?? 0),
      contractMs,
      lockedMs,
      clients,
      sizeBefore,
      sizeAfter,
      changedTimestamps,
      rows,
      schema: await readSchemaText(url, client),
    };
  } finally {
    await database.drop();
  }
}

export interface Comparison {
  readonly plain: MigrationResult;
  readonly online: MigrationResult;
  readonly sameSchema: boolean;
}

/** Runs the plain and the online migration one after the other, on equal tables under the same load. */
export async function compareMigrations(
  server: BenchServer,
  rows: number,
  log: (text: string) => void,
): Promise<Comparison> {
  log(`plain: ${rows} rows`);
  const plain = await runMigration(server, 'plain', rows);
  log(`online: ${rows} rows`);
  const online = await runMigration(server, 'online', rows);
  return {
    plain,
    online,
    sameSchema: plain.schema.source === online.schema.source && plain.schema.text === online.schema.text,
  };
}

export function longestWait({ clients }: MigrationResult): number {
  return Math.max(...Object.values(clients).map(({ longestWaitMs }) => longestWaitMs));
}

/** Describes the violated guarantees of the online migration; empty if there are none. */
export function findViolations({ plain, online, sameSchema }: Comparison): string[] {
  const violations: string[] = [];
  const failures = Object.values(online.clients).reduce((sum, client) => sum + client.failures, 0);
  if (failures > 0) violations.push(`${failures} operations failed during the online migration`);
  if (longestWait(online) >= 1_000)
    violations.push(`a client waited ${longestWait(online).toFixed(0)} ms during the online migration`);
  // Only the wait of the plain migration grows with the table: on a small one the ratio means nothing.
  if (online.rows >= 1_000_000 && longestWait(online) * 50 >= longestWait(plain)) {
    violations.push(
      `the longest wait is not below 1/50 of that of the plain migration, ${longestWait(plain).toFixed(0)} ms`,
    );
  }
  if (online.changedTimestamps > 0)
    violations.push(`updated_at changed on ${online.changedTimestamps} rows that no client wrote`);
  if (!sameSchema) violations.push('the schemas differ');
  return violations;
}
