import { parseNonNegativeInteger, parsePositiveInteger, processOutput } from '@timer-platform/command-line';
import { Command } from 'commander';
import { type BenchServer, openBenchServer } from '../database/bench-server.ts';
import { formatNumber, formatTable } from '../report/table.ts';
import {
  compareMigrations,
  type Comparison,
  findViolations,
  longestWait,
  type MigrationResult,
} from './compare-migrations.ts';
import { killOnline } from './kill-online.ts';
import { type LargeTableOptions, migrateLargeTable } from './large-table.ts';
import { findLargeTableViolations, formatLargeTable } from './large-table-report.ts';
import { measureLockBehavior } from './lock-behavior.ts';

interface LargeCommandOptions {
  readonly rows: number;
  readonly targetBatchMs?: number;
  readonly replica?: boolean;
  readonly replicaDelayMs: number;
  readonly maxReplicaLagMib: number;
  readonly json?: boolean;
}

const output = processOutput(process.stdout, process.stderr);

const megabytes = (bytes: number): string => formatNumber(bytes / 1e6);

function comparisonTable({ plain, online, sameSchema }: Comparison): string {
  const row = (name: string, unit: string, format: (result: MigrationResult) => string): string[] => [
    name,
    unit,
    format(plain),
    format(online),
  ];
  return formatTable(
    ['', '', 'plain', 'online'],
    [
      row('total', 's', ({ totalMs }) => formatNumber(totalMs / 1000, 1)),
      row('contract', 's', ({ contractMs }) => formatNumber((contractMs ?? Number.NaN) / 1000, 1)),
      row('table locked', 'ms', ({ lockedMs }) => formatNumber(lockedMs)),
      row('longest wait: reader', 'ms', ({ clients }) => formatNumber(clients.reader.longestWaitMs)),
      row('longest wait: updater', 'ms', ({ clients }) => formatNumber(clients.updater.longestWaitMs)),
      row('longest wait: inserter', 'ms', ({ clients }) => formatNumber(clients.inserter.longestWaitMs)),
      row('operations', '', ({ clients }) =>
        formatNumber(clients.reader.operations + clients.updater.operations + clients.inserter.operations),
      ),
      row('failed operations', '', ({ clients }) =>
        formatNumber(clients.reader.failures + clients.updater.failures + clients.inserter.failures),
      ),
      row('updated_at changed without a write', 'rows', ({ changedTimestamps }) =>
        formatNumber(changedTimestamps),
      ),
      row('size before', 'MB', ({ sizeBefore }) => megabytes(sizeBefore)),
      row('size after', 'MB', ({ sizeAfter }) => megabytes(sizeAfter)),
      ['schema', `from ${online.schema.source}`, '', sameSchema ? 'identical' : 'DIFFERENT'],
    ],
  );
}

/** Runs `work` on a server, prints the violations that it returns, and sets the exit code to 1 if there are any. */
async function runOnServer(work: (server: BenchServer) => Promise<readonly string[]>): Promise<void> {
  const server = await openBenchServer(process.env['DATABASE_URL']);
  try {
    output.line(server.description);
    const violations = await work(server);
    for (const text of violations) output.line(`VIOLATED: ${text}`);
    if (violations.length > 0) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

const program = new Command('bench:migration').description(
  'Measures migration 002 on a table in use. Uses the PostgreSQL of DATABASE_URL, whose role must be allowed to create databases, or starts a temporary one.',
);
program
  .command('compare', { isDefault: true })
  .description('compare the plain and the online migration while a reader, an updater and an inserter work')
  .option('--rows <rows>', 'timers in the table', parsePositiveInteger, 200_000)
  .option('--json', 'also print the result as JSON')
  .action(({ rows, json }: { rows: number; json?: boolean }) =>
    runOnServer(async (server) => {
      const comparison = await compareMigrations(server, rows, (text) => {
        output.note(text);
      });
      output.line(comparisonTable(comparison));
      output.line(
        `longest wait: online 1/${formatNumber(longestWait(comparison.plain) / longestWait(comparison.online))} of plain`,
      );
      const { firstFailure } = comparison.plain.clients.inserter;
      if (firstFailure !== undefined)
        output.line(`first failed insert during the plain migration: ${firstFailure}`);
      if (json === true) output.json(comparison);
      return findViolations(comparison);
    }),
  );
program
  .command('large')
  .description('migrate a large table online while clients work; measure waits, steps, WAL and disk')
  .option('--rows <rows>', 'timers in the table', parsePositiveInteger, 10_000_000)
  .option('--target-batch-ms <ms>', 'target duration of a batch of the backfill', parsePositiveInteger)
  .option('--replica', 'attach a streaming replica')
  .option('--replica-delay-ms <ms>', 'how late the replica replays', parseNonNegativeInteger, 2_000)
  .option('--max-replica-lag-mib <size>', 'limit of its lag for the migrator', parsePositiveInteger, 64)
  .option('--json', 'also print the result as JSON')
  .action(({ rows, targetBatchMs, replica, replicaDelayMs, maxReplicaLagMib, json }: LargeCommandOptions) =>
    runOnServer(async (server) => {
      const options: LargeTableOptions = {
        rows,
        targetBatchMs,
        replica: replica === true ? { delayMs: replicaDelayMs, maxLagMib: maxReplicaLagMib } : undefined,
        log: (text) => {
          output.note(text);
        },
      };
      const result = await migrateLargeTable(server, options);
      output.line(formatLargeTable(result));
      if (json === true) output.json(result);
      return findLargeTableViolations(result, options);
    }),
  );
program
  .command('kills')
  .description('kill the online migration at random moments of every step and let a second run complete it')
  .option('--rows <rows>', 'timers in the table', parsePositiveInteger, 50_000)
  .option('--times <times>', 'number of kills', parsePositiveInteger, 20)
  .action(({ rows, times }: { rows: number; times: number }) =>
    runOnServer(async (server) => {
      const results = await killOnline(server, rows, times, Math.random, (kill) => {
        const result = kill.problems.length === 0 ? 'no differences' : kill.problems.join('; ');
        output.line(
          `${kill.number}. ${kill.target} killed ${formatNumber(kill.afterMs)} ms into ${kill.step}; phase after the kill: ${kill.phase}; completed with ${formatNumber(kill.rowsDone)} rows: ${result}`,
        );
      });
      return results.flatMap(({ number, problems }) => problems.map((text) => `kill ${number}: ${text}`));
    }),
  );
program
  .command('locks')
  .description('run the online migration while an idle transaction or an autovacuum holds a lock')
  .option('--rows <rows>', 'timers in the table', parsePositiveInteger, 50_000)
  .action(({ rows }: { rows: number }) =>
    runOnServer(async (server) => {
      const results = await measureLockBehavior(server, rows);
      output.line(
        formatTable(
          ['lock holder', 'exit code', 'attempts', 'longest wait, ms', 'lock_timeout, ms'],
          results.map(({ name, exitCode, attempts, longestWaitMs, lockTimeoutMs }) => [
            name,
            String(exitCode),
            String(attempts),
            formatNumber(longestWaitMs),
            formatNumber(lockTimeoutMs),
          ]),
        ),
      );
      for (const { name, blockers } of results) output.line(`${name}: ${blockers}`);
      return results
        .filter(({ longestWaitMs, lockTimeoutMs }) => longestWaitMs > lockTimeoutMs + 200)
        .map(({ name, longestWaitMs }) => `${name}: a client waited ${formatNumber(longestWaitMs)} ms`);
    }),
  );

await program.parseAsync();
