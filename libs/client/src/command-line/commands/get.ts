import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { fieldTable } from '../show-timer.ts';
import { UsageError } from '../usage-error.ts';

export function addGet(program: Command, context: CommandContext): void {
  program
    .command('get')
    .description('Show a timer with all its fields')
    .argument('[id]', 'id of the timer')
    .option('--key <key>', 'the timer with this key of your own, instead of an id')
    .action(async (id: string | undefined, { key }: { readonly key?: string }) => {
      const client = context.client();
      if (id !== undefined && key !== undefined) throw new UsageError('give either an id or --key');
      if (id === undefined && key === undefined) throw new UsageError('give an id or --key');
      const timer = key === undefined ? await client.get(id ?? '') : await client.getByKey(key);
      const output = context.output();
      output.result(timer, () => fieldTable(output, timer));
    });
}
