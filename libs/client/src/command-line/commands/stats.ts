import type { Count, Dispatcher, Stats } from '@timer-platform/callback-types';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import type { Output } from '../output.ts';
import { cell } from '../show-timer.ts';

/** An estimate has a tilde. */
export function countText({ count, estimated }: Count): string {
  return `${estimated ? '~' : ''}${count}`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? '-' : `${ms} ms`;
}

function statsTable(output: Output, stats: Stats): string[] {
  const { counts, due, oldest_due_age_ms: age, last_5_minutes: last, dispatchers } = stats;
  const rows = [
    ...Object.entries(counts).map(([state, count]) => [state, countText(count)]),
    ['due', countText(due)],
    ['oldest due', milliseconds(age)],
    ['delivered in 5 minutes', last.delivered],
    ['retried', last.retried],
    ['failed', last.failed],
    ['lateness p50', milliseconds(last.lateness_p50_ms)],
    ['lateness p99', milliseconds(last.lateness_p99_ms)],
    ['dispatchers alive', dispatchers.alive],
    ['dispatchers stalled', dispatchers.stalled],
  ];
  return output.table(
    ['FIELD', 'VALUE'],
    rows.map((row) => row.map(cell)),
  );
}

/** `timer stats` */
export function addStats(program: Command, context: CommandContext): void {
  program
    .command('stats')
    .description('How many timers there are, and how late they are')
    .action(async () => {
      const stats = await context.client().stats();
      const output = context.output();
      output.result(stats, () => statsTable(output, stats));
    });
}

function dispatcherTable(output: Output, dispatchers: readonly Dispatcher[]): string[] {
  const rows = dispatchers.map(({ name, state, started_at, heartbeat_at, load, problem }) =>
    [name, state, started_at, heartbeat_at, load?.in_flight, load?.waiting, problem].map(cell),
  );
  return output.table(
    ['NAME', 'STATE', 'STARTED AT', 'HEARTBEAT AT', 'IN FLIGHT', 'WAITING', 'PROBLEM'],
    rows,
  );
}

/** `timer dispatchers` */
export function addDispatchers(program: Command, context: CommandContext): void {
  program
    .command('dispatchers')
    .description('The processes that deliver timers')
    .action(async () => {
      const dispatchers = await context.client().dispatchers();
      const output = context.output();
      if (output.json) for (const dispatcher of dispatchers) output.result(dispatcher, () => []);
      else output.result(dispatchers, () => dispatcherTable(output, dispatchers));
    });
}
