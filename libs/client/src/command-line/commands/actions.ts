import type { OperatorAction } from '@timer-platform/callback-types';
import type { Command } from 'commander';
import { TimerError } from '../../client/errors.ts';
import type { TimerClient } from '../../client/timer-client.ts';
import { parsePositiveInteger } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { cell, fieldTable } from '../show-timer.ts';

const PAGE_SIZE = 200;
const COLUMNS = ['ID', 'AT', 'CLIENT', 'ACTION', 'TARGET', 'AFFECTED', 'UNDOABLE'];

function actionTable(output: Output, actions: readonly OperatorAction[]): string[] {
  const rows = actions.map(({ id, at, client, action, target, affected, undoable }) =>
    [id, at, client, action, target, affected, undoable ? 'yes' : 'no'].map(cell),
  );
  return output.table(COLUMNS, rows);
}

/** `timer actions` */
export function addActions(program: Command, context: CommandContext): void {
  program
    .command('actions')
    .description('The audit log: what operators have changed, the newest first')
    .option('--limit <number>', 'at most this many', parsePositiveInteger, 50)
    .option('--all', 'all of them, page by page')
    .action(async ({ limit, all }: { readonly limit: number; readonly all?: boolean }) => {
      const output = context.output();
      const wanted = all === true ? Infinity : limit;
      const shown: OperatorAction[] = [];
      let total = 0;
      for await (const action of context.client().actions({ limit: Math.min(wanted, PAGE_SIZE) })) {
        total += 1;
        if (output.json) output.result(action, () => []);
        else shown.push(action);
        if (total >= wanted) break;
      }
      if (!output.json) for (const line of actionTable(output, shown)) output.line(line);
    });
}

interface Undone {
  readonly restored: number;
  readonly skipped: number;
}

/** Undoes an action request by request. */
async function undoAll(client: TimerClient, id: string): Promise<Undone> {
  let sum: Undone | undefined;
  for (;;)
    try {
      const { restored, skipped, more } = await client.undo(id);
      sum = { restored: (sum?.restored ?? 0) + restored, skipped: (sum?.skipped ?? 0) + skipped };
      if (!more) return sum;
    } catch (error) {
      // The last request has restored what was left, without knowing it.
      const isDone = error instanceof TimerError && error.reason === 'already_undone';
      if (sum === undefined || !isDone) throw error;
      return sum;
    }
}

/** `timer undo` */
export function addUndo(program: Command, context: CommandContext): void {
  program
    .command('undo')
    .description('Undo a cancellation or a reschedule of many timers, within 24 hours')
    .argument('<id>', 'id of the action, which timer actions shows')
    .option('--yes', 'do not ask')
    .action(async (id: string, { yes }: { readonly yes?: boolean }) => {
      const client = context.client();
      const output = context.output();
      if (yes !== true && !(await context.confirm(`undo the action ${id}?`))) {
        output.note('Nothing was changed.');
        context.exitWith(EXIT_CODE.failed);
        return;
      }
      const undone = await undoAll(client, id);
      output.result(undone, () => fieldTable(output, undone));
    });
}
