import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BenchServer } from '../database/bench-server.ts';
import { fillTimers, hashCallbacks } from './fill-timers.ts';
import { runMigrator, startMigrator } from './migrator-process.ts';
import { CONTRACT, START, type Step, STEPS } from './online-steps.ts';
import { readSchemaText } from './schema-text.ts';

/** A kill during the online migration and its result. */
export interface KillResult {
  readonly number: number;
  readonly target: 'process' | 'backend';
  /** The step during which it was killed, and for how long that step had been running. */
  readonly step: Step;
  readonly afterMs: number;
  /** The phase recorded in the database after the kill. */
  readonly phase: string;
  readonly rowsDone: number;
  readonly problems: readonly string[];
}

async function readPhase(client: pg.Client): Promise<string> {
  const { rows: found } = await client.query("SELECT 1 WHERE to_regclass('_online_migrations') IS NOT NULL");
  if (found.length === 0) return 'not started';
  const { rows } = await client.query<{ phase: string }>('SELECT phase FROM _online_migrations');
  return rows[0]?.phase ?? 'not started';
}

interface MigrationRun {
  readonly kill: () => void;
  readonly succeeded: Promise<boolean>;
}

/** Runs `online start` and then `online contract`. Calls `onStep` when a step begins. */
function startMigration(url: string, onStep: (step: Step) => void): MigrationRun {
  const kill = new AbortController();
  let contracting = false;
  const onLine = (line: string): void => {
    for (const [step, pattern] of STEPS) {
      if (pattern.test(line) && (step === 'contract') === contracting) onStep(step);
    }
  };
  let current = startMigrator(url, START, onLine);
  const succeeded = (async () => {
    if ((await current.exit).code !== 0 || kill.signal.aborted) return false;
    contracting = true;
    current = startMigrator(url, CONTRACT, onLine);
    return (await current.exit).code === 0;
  })();
  return {
    kill: () => {
      kill.abort();
      current.kill();
    },
    succeeded,
  };
}

/** Measures how long each step of an undisturbed migration takes, in milliseconds. */
async function measureSteps(url: string): Promise<ReadonlyMap<Step, number>> {
  const starts: { step: Step; at: number }[] = [];
  await startMigration(url, (step) => starts.push({ step, at: performance.now() })).succeeded;
  const end = performance.now();
  return new Map(starts.map(({ step, at }, index) => [step, (starts[index + 1]?.at ?? end) - at]));
}

async function finishMigration(client: pg.Client, url: string): Promise<void> {
  if ((await readPhase(client)) === 'contracted') return;
  await runMigrator(url, START);
  await runMigrator(url, CONTRACT);
}

async function checkDatabase(
  client: pg.Client,
  expected: { rows: number; hash: string; schema: string },
  url: string,
): Promise<{ rowsDone: number; problems: string[] }> {
  const problems: string[] = [];
  const { rows } = await client.query<{
    rows_done: number;
    timers: number;
    ledger: number;
    mismatches: number;
  }>(
    `SELECT (SELECT rows_done::int FROM _online_migrations) AS rows_done, (SELECT count(*)::int FROM timers) AS timers,
            (SELECT count(*)::int FROM _sqlx_migrations WHERE version = 2) AS ledger,
            (SELECT (evidence->>'missing')::int + (evidence->>'differing')::int + (evidence->>'type_skew')::int FROM _online_migrations) AS mismatches`,
  );
  const found = rows[0];
  if (found === undefined || found.timers !== expected.rows)
    problems.push(`${found?.timers ?? 0} rows instead of ${expected.rows}`);
  if (found?.rows_done !== expected.rows) problems.push(`row counter is ${found?.rows_done ?? 0}`);
  if (found?.ledger !== 1) problems.push('version 2 is not in the ledger');
  if (found?.mismatches !== 0) problems.push('the recorded verification found mismatches');
  if ((await hashCallbacks(client)) !== expected.hash) problems.push('callbacks differ');
  if ((await readSchemaText(url, client)).text !== expected.schema) problems.push('the schema differs');
  return { rowsDone: found?.rows_done ?? 0, problems };
}

/**
 * Kills the online migration at random moments, in every step in turn, and checks each time that a second run completes
 * it.
 */
export async function killOnline(
  server: BenchServer,
  rows: number,
  kills: number,
  random: () => number,
  onKill: (result: KillResult) => void,
): Promise<readonly KillResult[]> {
  const template = await server.createDatabase('bench_migration_template');
  const results: KillResult[] = [];
  try {
    await runMigrator(template.url, ['migrate', '--to', '1']);
    await fillTimers(template.client, rows);
    await template.client.query('DROP TABLE timestamps_before');
    const hash = await hashCallbacks(template.client);
    await template.client.end();

    const undisturbed = await createCopy(server, template.name);
    const durations = await measureSteps(undisturbed.url);
    const { text: schema } = await readSchemaText(undisturbed.url, undisturbed.client);
    const expected = { rows, hash, schema };
    await undisturbed.drop();

    for (let number = 1; number <= kills; number++) {
      const copy = await createCopy(server, template.name);
      const target = number % 2 === 0 ? 'process' : 'backend';
      const step = STEPS[(number - 1) % STEPS.length]?.[0] ?? 'backfill';
      const afterMs = random() * (durations.get(step) ?? 0);
      await killDuringStep(copy, target, step, afterMs);
      const phase = await readPhase(copy.client);
      await finishMigration(copy.client, copy.url);
      const result = {
        number,
        target,
        step,
        afterMs,
        phase,
        ...(await checkDatabase(copy.client, expected, copy.url)),
      } as const;
      results.push(result);
      onKill(result);
      await copy.drop();
    }
    return results;
  } finally {
    await dropDatabase(server, template.name);
  }
}

/** Kills the target `afterMs` milliseconds after the step has begun, if the migration has not ended before. */
async function killDuringStep(
  copy: DatabaseCopy,
  target: KillResult['target'],
  step: Step,
  afterMs: number,
): Promise<void> {
  let resolveStarted: (() => void) | undefined;
  const started = new Promise<void>((resolve) => (resolveStarted = resolve));
  const migration = startMigration(copy.url, (startedStep) => {
    if (startedStep === step) resolveStarted?.();
  });
  await Promise.race([started.then(() => sleep(afterMs)), migration.succeeded]);
  if (target === 'process') migration.kill();
  else {
    await copy.client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND datname = current_database()",
    );
  }
  await migration.succeeded;
}

interface DatabaseCopy {
  readonly url: string;
  readonly client: pg.Client;
  drop(): Promise<void>;
}

async function executeOnServer(server: BenchServer, sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: server.url, application_name: 'bench' });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

const dropDatabase = (server: BenchServer, name: string): Promise<void> =>
  executeOnServer(server, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);

async function createCopy(server: BenchServer, template: string): Promise<DatabaseCopy> {
  const name = 'bench_migration_copy';
  await dropDatabase(server, name);
  await executeOnServer(server, `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(template)}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href, application_name: 'bench' });
  await client.connect();
  return {
    url: url.href,
    client,
    drop: async () => {
      await client.end();
      await dropDatabase(server, name);
    },
  };
}
