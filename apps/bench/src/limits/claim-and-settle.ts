import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { BenchDatabase } from '../database/bench-server.ts';
import { ModuleProcess } from '../processes/child.ts';
import { BATCH, CLAIM_AND_SETTLE, DISPATCHER } from './claim-and-settle-sql.ts';

const run = promisify(execFile);

const POSTGRES_VERSIONS = '/usr/lib/postgresql';

export interface ClaimAndSettleResult {
  readonly tool: 'pgbench' | 'pg loop';
  /** Rows claimed and settled per second. */
  readonly perSecond: number;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Finds pgbench by PGBENCH_BIN, in the PATH or where Debian installs it. Returns undefined if it is not installed. */
function findPgbench(): string | undefined {
  const configured = process.env['PGBENCH_BIN'];
  if (configured !== undefined && configured !== '') return configured;
  let versions: string[] = [];
  try {
    versions = readdirSync(POSTGRES_VERSIONS).sort((a, b) => Number(b) - Number(a));
  } catch {
    // Not Debian.
  }
  return [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    ...versions.map((version) => path.join(POSTGRES_VERSIONS, version, 'bin')),
  ]
    .map((directory) => path.join(directory, 'pgbench'))
    .find(isExecutable);
}

/** More transactions than full claims need: two clients that claim at once can each get less than a batch. */
const SHORT_CLAIMS_SHARE = 0.2;
const SHORT_CLAIMS = 4;

/** Converts a URL to variables of libpq: a command line would expose the password. */
function libpqEnvironment(databaseUrl: string): Record<string, string> {
  const url = new URL(databaseUrl);
  return {
    PGHOST: decodeURIComponent(url.hostname),
    PGPORT: url.port === '' ? '5432' : url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    PGOPTIONS: '-c synchronous_commit=off',
  };
}

async function measureWithPgbench(
  pgbench: string,
  { url, client }: BenchDatabase,
  rows: number,
  clients: number,
): Promise<number> {
  await client.query(`INSERT INTO dispatchers (id, name) VALUES ($1, 'pgbench')`, [DISPATCHER]);
  const directory = await mkdtemp(path.join(tmpdir(), 'timer-bench-'));
  try {
    const script = path.join(directory, 'claim-and-settle.sql');
    await writeFile(script, CLAIM_AND_SETTLE);
    const transactions = Math.ceil((rows / BATCH / clients) * (1 + SHORT_CLAIMS_SHARE)) + SHORT_CLAIMS;
    const { stdout } = await run(
      pgbench,
      ['-n', '-M', 'prepared', '-c', `${clients}`, '-j', `${clients}`, '-t', `${transactions}`, '-f', script],
      { env: { ...process.env, ...libpqEnvironment(url) } },
    );
    const perSecond = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
    if (perSecond === undefined) throw new Error(`pgbench printed no tps:\n${stdout}`);
    return (Number(perSecond) * rows) / (transactions * clients);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureWithLoop({ url }: BenchDatabase, clients: number): Promise<number> {
  const module = new URL('claim-and-settle-process.ts', import.meta.url);
  const child = new ModuleProcess('the claim and settle loop', module, [url, String(BATCH), String(clients)]);
  try {
    return z.object({ perSecond: z.number() }).parse(await child.next()).perSecond;
  } finally {
    await child.stop();
  }
}

/** Measures how fast this many clients can claim and settle due timers when they do nothing else. */
export async function measureClaimAndSettle(
  database: BenchDatabase,
  rows: number,
  clients: number,
): Promise<ClaimAndSettleResult> {
  const pgbench = findPgbench();
  const perSecond =
    pgbench === undefined
      ? await measureWithLoop(database, clients)
      : await measureWithPgbench(pgbench, database, rows, clients);
  const { rows: unfinished } = await database.client.query(
    `SELECT FROM timers WHERE status <> 'completed' LIMIT 1`,
  );
  if (unfinished.length > 0) throw new Error('the claims and settles did not complete every timer');
  return { tool: pgbench === undefined ? 'pg loop' : 'pgbench', perSecond };
}
