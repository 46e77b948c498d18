import type { ListTimersQuery, TimerState, TimerSummary } from '@timer-platform/callback-types';
import { type Command, Option } from 'commander';
import { parsePositiveInteger } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { summaryTable } from '../show-timer.ts';
import { addFilterOptions, type FilterFlags, filterOf, statusOption } from './filters.ts';

const EXAMPLES = `
Examples:
  timer list --status pending --sort execute_at --order asc     # what is due next
  timer list --destination https://shop.example --metadata '{"team":"billing"}'
  timer list --status failed --all --json | jq -r .id`;

interface Flags extends FilterFlags {
  readonly status?: TimerState;
  readonly key?: string;
  readonly sort?: ListTimersQuery['sort'];
  readonly order?: ListTimersQuery['order'];
  readonly limit: number;
  readonly all?: boolean;
}

const PAGE_SIZE = 200;

export function addList(program: Command, context: CommandContext): void {
  const command = program
    .command('list')
    .description('List timers, the newest first')
    .addOption(statusOption())
    .option('--key <key>', 'only timers with this key, of any client');
  addFilterOptions(command)
    .addOption(new Option('--sort <field>', 'the order').choices(['created_at', 'execute_at']))
    .addOption(new Option('--order <order>', 'its direction').choices(['asc', 'desc']))
    .option('--limit <number>', 'at most this many', parsePositiveInteger, 50)
    .option('--all', 'all of them, page by page')
    .addHelpText('after', EXAMPLES)
    .action(async ({ limit, all, status, key, sort, order, ...filters }: Flags) => {
      const output = context.output();
      const wanted = all === true ? Infinity : limit;
      const rest = { status, key, sort, order, limit: Math.min(wanted, PAGE_SIZE) };
      const query = { ...filterOf(filters), ...rest };
      const shown: TimerSummary[] = [];
      let total = 0;
      for await (const timer of context.client().list(query)) {
        total += 1;
        // A table needs all rows for its widths; JSON Lines are written as they come.
        if (output.json) output.result(timer, () => []);
        else shown.push(timer);
        if (total >= wanted) break;
      }
      if (!output.json) for (const line of summaryTable(output, shown)) output.line(line);
    });
}
