import type { CallbackType, ListTimersQuery, TimerState, TimerSummary } from '@timer-platform/callback-types';
import { type Command, Option } from 'commander';
import { parsePositiveInteger } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { summaryTable } from '../show-timer.ts';
import { callbackTypeOption, statusOption } from './filters.ts';

const EXAMPLES = `
Examples:
  timer list --status pending --sort execute_at --order asc     # what is due next
  timer list --status failed --all --json | jq -r .id`;

interface Flags {
  readonly status?: TimerState;
  readonly callbackType?: CallbackType;
  readonly sort?: ListTimersQuery['sort'];
  readonly order?: ListTimersQuery['order'];
  readonly limit: number;
  readonly all?: boolean;
}

const PAGE_SIZE = 200;

export function addList(program: Command, context: CommandContext): void {
  program
    .command('list')
    .description('List timers, the newest first')
    .addOption(statusOption())
    .addOption(callbackTypeOption())
    .addOption(new Option('--sort <field>', 'the order').choices(['created_at', 'execute_at']))
    .addOption(new Option('--order <order>', 'its direction').choices(['asc', 'desc']))
    .option('--limit <number>', 'at most this many', parsePositiveInteger, 50)
    .option('--all', 'all of them, page by page')
    .addHelpText('after', EXAMPLES)
    .action(async ({ limit, all, status, callbackType, sort, order }: Flags) => {
      const output = context.output();
      const wanted = all === true ? Infinity : limit;
      const query = { status, callback_type: callbackType, sort, order, limit: Math.min(wanted, PAGE_SIZE) };
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
