import { Command, InvalidArgumentError } from 'commander';
import { type BenchServer, openBenchServer } from '../database/bench-server.ts';
import { figure, textTable } from '../report/table.ts';
import {
  brokenPromises,
  compareMigrations,
  type Comparison,
  longestWait,
  type WayResult,
} from './compare-migrations.ts';
import { killOnline } from './kill-online.ts';
import { measureManners } from './lock-manners.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('give a whole number above 0');
  return value;
}

const megabytes = (bytes: number): string => figure(bytes / 1e6);

function comparisonTable({ plain, online, sameSchema }: Comparison): string {
  const row = (name: string, unit: string, value: (way: WayResult) => string): string[] => [
    name,
    unit,
    value(plain),
    value(online),
  ];
  return textTable(
    ['', '', 'plain 002', 'online'],
    [
      row('whole way', 's', ({ totalMs }) => figure(totalMs / 1000, 1)),
      row('of which contract', 's', ({ contractMs }) => figure((contractMs ?? Number.NaN) / 1000, 1)),
      row('table locked at a stretch', 'ms', ({ lockedMs }) => figure(lockedMs)),
      row('longest wait: reader', 'ms', ({ probes }) => figure(probes.reader.longestWaitMs)),
      row('longest wait: updater', 'ms', ({ probes }) => figure(probes.updater.longestWaitMs)),
      row('longest wait: old inserter', 'ms', ({ probes }) => figure(probes.inserter.longestWaitMs)),
      row('operations let through', '', ({ probes }) =>
        figure(probes.reader.operations + probes.updater.operations + probes.inserter.operations),
      ),
      row('failed operations', '', ({ probes }) =>
        figure(probes.reader.failures + probes.updater.failures + probes.inserter.failures),
      ),
      row('updated_at changed, nobody wrote', 'rows', ({ changedStamps }) => figure(changedStamps)),
      row('size before', 'MB', ({ sizeBefore }) => megabytes(sizeBefore)),
      row('size after', 'MB', ({ sizeAfter }) => megabytes(sizeAfter)),
      ['schema', `by ${online.schema.by}`, '', sameSchema ? 'identical' : 'DIFFERENT'],
    ],
  );
}

/** Runs on the server of the settings, prints what was broken, sets the exit code. */
async function onServer(work: (server: BenchServer) => Promise<readonly string[]>): Promise<void> {
  const server = await openBenchServer(process.env['DATABASE_URL']);
  try {
    print(server.description);
    const broken = await work(server);
    for (const text of broken) print(`NOT KEPT: ${text}`);
    if (broken.length > 0) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

const program = new Command('migration').description(
  'Migration 002 on a table in use. Needs a server whose user may create databases: DATABASE_URL, or a throw-away one.',
);
program
  .command('compare', { isDefault: true })
  .description(
    'the plain file beside the online way, with a reader, an updater and an old-shape inserter at work',
  )
  .option('--rows <rows>', 'timers in the table', positive, 200_000)
  .option('--json', 'print one JSON document besides')
  .action(({ rows, json }: { rows: number; json?: boolean }) =>
    onServer(async (server) => {
      const comparison = await compareMigrations(server, rows, note);
      print(comparisonTable(comparison));
      print(
        `longest wait online: 1/${figure(longestWait(comparison.plain) / longestWait(comparison.online))} of the plain file's`,
      );
      const { firstFailure } = comparison.plain.probes.inserter;
      if (firstFailure !== undefined) print(`first failure beside the plain file: ${firstFailure}`);
      if (json === true) print(JSON.stringify(comparison, null, 2));
      return brokenPromises(comparison);
    }),
  );
program
  .command('kills')
  .description('break the online way off at random moments of every step, and let it be ended')
  .option('--rows <rows>', 'timers in the table', positive, 50_000)
  .option('--times <times>', 'kills', positive, 20)
  .action(({ rows, times }: { rows: number; times: number }) =>
    onServer(async (server) => {
      const results = await killOnline(server, rows, times, Math.random, (kill) => {
        const outcome = kill.broken.length === 0 ? 'all equal' : kill.broken.join('; ');
        print(
          `${kill.number}. ${kill.victim} killed ${figure(kill.afterMs)} ms into ${kill.step}, found at: ${kill.phase}; ended with ${figure(kill.rowsDone)} rows filled, ${outcome}`,
        );
      });
      return results.flatMap(({ number, broken }) => broken.map((text) => `kill ${number}: ${text}`));
    }),
  );
program
  .command('locks')
  .description('a forgotten transaction and an autovacuum stand in the way')
  .option('--rows <rows>', 'timers in the table', positive, 50_000)
  .action(({ rows }: { rows: number }) =>
    onServer(async (server) => {
      const results = await measureManners(server, rows);
      print(
        textTable(
          ['in the way', 'exit code', 'tries', 'longest wait ms', 'lock_timeout ms'],
          results.map(({ name, exitCode, tries, longestWaitMs, lockTimeoutMs }) => [
            name,
            String(exitCode),
            String(tries),
            figure(longestWaitMs),
            figure(lockTimeoutMs),
          ]),
        ),
      );
      for (const { name, named } of results) print(`${name}: ${named}`);
      return results
        .filter(({ longestWaitMs, lockTimeoutMs }) => longestWaitMs > lockTimeoutMs + 200)
        .map(({ name, longestWaitMs }) => `${name}: somebody waited ${figure(longestWaitMs)} ms`);
    }),
  );

await program.parseAsync();
