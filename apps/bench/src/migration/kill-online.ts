import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BenchServer } from '../database/bench-server.ts';
import { callbackSum, fillTimers } from './fill-timers.ts';
import { runMigrator, startMigrator } from './migrator-process.ts';
import { schemaText } from './schema-text.ts';

/** One kill and what came of it. */
export interface KillResult {
  readonly number: number;
  readonly victim: 'process' | 'back end';
  /** The step that was under way, by what the migrator had said, and how long it had been. */
  readonly step: Step;
  readonly afterMs: number;
  /** The phase that the table named afterwards. */
  readonly phase: string;
  readonly rowsDone: number;
  readonly broken: readonly string[];
}

const startArguments = ['online', 'start'];
const contractArguments = ['online', 'contract', '--old-service-stopped', '--known-application', 'bench'];

async function readPhase(client: pg.Client): Promise<string> {
  const { rows: found } = await client.query("SELECT 1 WHERE to_regclass('_online_migrations') IS NOT NULL");
  if (found.length === 0) return 'not begun';
  const { rows } = await client.query<{ phase: string }>('SELECT phase FROM _online_migrations');
  return rows[0]?.phase ?? 'not begun';
}

/** Steps of the whole way, with the line that tells that it begins. */
const steps = [
  ['expand', /^timers takes/],
  ['backfill', /^phase backfill/],
  ['sweep', /^phase sweep/],
  ['constraints', /^phase constraints/],
  ['index', /^phase index/],
  ['verify', /^phase verify$/],
  ['contract', /rows compared/],
] as const;
export type Step = (typeof steps)[number][0];

interface Way {
  readonly kill: () => void;
  /** Whether it came to its end. */
  readonly ended: Promise<boolean>;
}

/** start and contract one after the other, as an operator would; tells each step as it begins. */
function goAllTheWay(url: string, onStep: (step: Step) => void): Way {
  const kill = new AbortController();
  let contracting = false;
  const onLine = (line: string): void => {
    for (const [step, pattern] of steps) {
      if (pattern.test(line) && (step === 'contract') === contracting) onStep(step);
    }
  };
  let current = startMigrator(url, startArguments, onLine);
  const ended = (async () => {
    if ((await current.exit).code !== 0 || kill.signal.aborted) return false;
    contracting = true;
    current = startMigrator(url, contractArguments, onLine);
    return (await current.exit).code === 0;
  })();
  return {
    kill: () => {
      kill.abort();
      current.kill();
    },
    ended,
  };
}

/** How long each step takes when nobody disturbs it, in milliseconds. */
async function measureSteps(url: string): Promise<ReadonlyMap<Step, number>> {
  const began: { step: Step; at: number }[] = [];
  await goAllTheWay(url, (step) => began.push({ step, at: performance.now() })).ended;
  const end = performance.now();
  return new Map(began.map(({ step, at }, index) => [step, (began[index + 1]?.at ?? end) - at]));
}

async function finish(client: pg.Client, url: string): Promise<void> {
  if ((await readPhase(client)) === 'contracted') return;
  await runMigrator(url, startArguments);
  await runMigrator(url, contractArguments);
}

async function check(
  client: pg.Client,
  expected: { rows: number; sum: string; schema: string },
  url: string,
): Promise<{ rowsDone: number; broken: string[] }> {
  const broken: string[] = [];
  const { rows } = await client.query<{ rows_done: number; timers: number; ledger: number; missing: number }>(
    `SELECT (SELECT rows_done::int FROM _online_migrations) AS rows_done, (SELECT count(*)::int FROM timers) AS timers,
            (SELECT count(*)::int FROM _sqlx_migrations WHERE version = 2) AS ledger,
            (SELECT (evidence->>'missing')::int + (evidence->>'differing')::int + (evidence->>'type_skew')::int FROM _online_migrations) AS missing`,
  );
  const found = rows[0];
  if (found === undefined || found.timers !== expected.rows)
    broken.push(`${found?.timers ?? 0} rows of ${expected.rows}`);
  if (found?.rows_done !== expected.rows) broken.push(`counter at ${found?.rows_done ?? 0}`);
  if (found?.ledger !== 1) broken.push('version 2 is not in the ledger');
  if (found?.missing !== 0) broken.push('the evidence speaks against it');
  if ((await callbackSum(client)) !== expected.sum) broken.push('hash sums differ');
  if ((await schemaText(url, client)).text !== expected.schema) broken.push('the schema differs');
  return { rowsDone: found?.rows_done ?? 0, broken };
}

/**
 * Breaks the online migration off again and again, at random moments of every step, and lets a second run end it each
 * time.
 */
export async function killOnline(
  server: BenchServer,
  rows: number,
  times: number,
  random: () => number,
  onKill: (result: KillResult) => void,
): Promise<readonly KillResult[]> {
  const template = await server.createDatabase('bench_migration_template');
  const results: KillResult[] = [];
  try {
    await runMigrator(template.url, ['migrate', '--to', '1']);
    await fillTimers(template.client, rows);
    await template.client.query('DROP TABLE stamps_before');
    const sum = await callbackSum(template.client);
    await template.client.end();

    const undisturbed = await copyDatabase(server, template.name);
    const lengths = await measureSteps(undisturbed.url);
    const expected = { rows, sum, schema: (await schemaText(undisturbed.url, undisturbed.client)).text };
    await undisturbed.drop();

    for (let number = 1; number <= times; number++) {
      const copy = await copyDatabase(server, template.name);
      const victim = number % 2 === 0 ? 'process' : 'back end';
      const step = steps[(number - 1) % steps.length]?.[0] ?? 'backfill';
      const afterMs = random() * (lengths.get(step) ?? 0);
      await disturb(copy, victim, step, afterMs);
      const phase = await readPhase(copy.client);
      await finish(copy.client, copy.url);
      const result = {
        number,
        victim,
        step,
        afterMs,
        phase,
        ...(await check(copy.client, expected, copy.url)),
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

/** Kills `afterMs` milliseconds into the step. */
async function disturb(copy: Copy, victim: KillResult['victim'], step: Step, afterMs: number): Promise<void> {
  let began: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => (began = resolve));
  const way = goAllTheWay(copy.url, (begins) => {
    if (begins === step) began?.();
  });
  await Promise.race([begun.then(() => sleep(afterMs)), way.ended]);
  if (victim === 'process') way.kill();
  else {
    await copy.client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND datname = current_database()",
    );
  }
  await way.ended;
}

interface Copy {
  readonly url: string;
  readonly client: pg.Client;
  drop(): Promise<void>;
}

async function onServer(server: BenchServer, sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: server.url, application_name: 'bench' });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

const dropDatabase = (server: BenchServer, name: string): Promise<void> =>
  onServer(server, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);

async function copyDatabase(server: BenchServer, template: string): Promise<Copy> {
  const name = 'bench_migration_copy';
  await dropDatabase(server, name);
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(template)}`);
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
