import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { fieldTable } from '../show-timer.ts';

export function addGet(program: Command, context: CommandContext): void {
  program
    .command('get')
    .description('Show a timer with all its fields')
    .argument('<id>', 'id of the timer')
    .action(async (id: string) => {
      const timer = await context.client().get(id);
      const output = context.output();
      output.result(timer, () => fieldTable(output, timer));
    });
}
