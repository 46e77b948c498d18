import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { attemptTable } from '../show-timer.ts';

export function addAttempts(program: Command, context: CommandContext): void {
  program
    .command('attempts')
    .description('List the attempts of a timer that have ended')
    .argument('<id>', 'id of the timer')
    .action(async (id: string) => {
      const attempts = await context.client().attempts(id);
      const output = context.output();
      if (output.json) for (const attempt of attempts) output.result(attempt, () => []);
      else for (const line of attemptTable(output, attempts)) output.line(line);
    });
}
