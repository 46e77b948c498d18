import { execFile, spawn } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { BenchDatabase } from '../database/bench-server.ts';
import type { StoredJobs } from '../database/stored-jobs.ts';
import { startProgram, workspaceRoot } from '../processes/child.ts';
import type { Contender, Job } from './contender.ts';

const run = promisify(execFile);

const SOURCES = path.join(workspaceRoot, 'apps/bench/peers');
/** Not a package of the workspace: the peers need a newer Node.js than the workspace requires. */
const INSTALLED = path.join(workspaceRoot, 'apps/bench/.peers');

/** The peers, and the Node.js binary that runs all contenders of a comparison. */
export interface Peers {
  readonly execPath: string;
  readonly contenders: readonly Contender[];
}

async function haveSameText(...files: [string, string]): Promise<boolean> {
  const [a, b] = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => undefined)));
  return a !== undefined && a === b;
}

/** Installs the peers if they are not installed or if their versions have changed. */
export async function installPeers(log: (line: string) => void): Promise<Peers> {
  const manifest = path.join(INSTALLED, 'package.json');
  const marker = path.join(INSTALLED, 'node_modules', '.installed.json');
  await cp(SOURCES, INSTALLED, { recursive: true });
  if (!(await haveSameText(manifest, marker))) {
    log(`installing the peers into ${path.relative(workspaceRoot, INSTALLED)}`);
    // npx exports engine-strict from .npmrc, but the peers run on a newer Node.js than the npm that installs them.
    await run('npm', ['install', '--engine-strict=false', '--no-audit', '--no-fund'], { cwd: INSTALLED });
    await cp(manifest, marker);
  }
  return {
    execPath: path.join(INSTALLED, 'node_modules', 'node', 'bin', 'node'),
    contenders: [
      peer(
        'graphile-worker',
        'local queue 500, batched completion, 100 ms poll, concurrency = the connections',
        {},
      ),
      peer('pg-boss', '2 workers, batches of 500 with per-job results, 0.5 s poll, burst when full', {
        PG_BOSS_WORKERS: '2',
      }),
    ],
  };
}

/**
 * The workers of peers commit all that they write asynchronously; the timer service, only the ends of its claims. Storing
 * is durable everywhere.
 */
const ASYNCHRONOUS_COMMIT = { PGOPTIONS: '-c synchronous_commit=off' };

function peer(name: string, settings: string, env: Readonly<Record<string, string>>): Contender {
  const program = path.join(INSTALLED, `${name}.mjs`);
  const node = path.join(INSTALLED, 'node_modules', 'node', 'bin', 'node');
  return {
    name,
    settings: `${settings}, synchronous_commit=off for the worker`,
    prepare: async ({ url }) => {
      await run(node, [program, 'prepare'], { env: { ...process.env, DATABASE_URL: url } });
    },
    start: ({ url }, options) =>
      startProgram(
        {
          name,
          program: options.execPath,
          args: [...(options.nodeArgs ?? []), program, 'work'],
          env: {
            ...ASYNCHRONOUS_COMMIT,
            ...env,
            ...options.env,
            DATABASE_URL: url,
            CONNECTIONS: String(options.connections),
            NODE_ENV: 'production',
          },
        },
        (line) => (line === 'working' ? true : undefined),
      ),
    store: ({ url }, jobs) => store(node, program, url, jobs),
    countUnfinished: (database) => countUnfinished(name, database),
  };
}

async function store(node: string, program: string, url: string, jobs: readonly Job[]): Promise<StoredJobs> {
  const child = spawn(node, [program, 'store'], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const expectLine = async (expected: string): Promise<void> => {
    const line = await lines.next();
    if (line.value !== expected) throw new Error(`${program} store exited before it printed "${expected}"`);
  };
  child.stdin.write(`${jobs.map((job) => JSON.stringify(job)).join('\n')}\n\n`);
  await expectLine('stored');
  return {
    commit: async () => {
      child.stdin.write('commit\n');
      await expectLine('committed');
    },
  };
}

async function countUnfinished(name: string, { client }: BenchDatabase): Promise<number> {
  const text =
    name === 'pg-boss'
      ? `SELECT count(*)::integer AS count FROM pgboss.job WHERE state < 'completed'`
      : `SELECT count(*)::integer AS count FROM graphile_worker.jobs`;
  const { rows } = await client.query<{ count: number }>(text);
  return rows[0]?.count ?? Number.NaN;
}
