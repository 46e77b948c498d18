import type { Command } from 'commander';
import { TimerError } from '../../client/errors.ts';
import type { TimerClient } from '../../client/timer-client.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODE, type ExitCode, exitCodeOf } from '../exit-codes.ts';

interface Change {
  readonly name: string;
  readonly description: string;
  readonly apply: (
    client: TimerClient,
    id: string,
  ) => Promise<{ readonly id: string; readonly status: string }>;
}

const CHANGES: readonly Change[] = [
  {
    name: 'cancel',
    description: 'Cancel pending timers: no attempt starts afterwards',
    apply: (client, id) => client.cancel(id),
  },
  {
    name: 'run',
    description: 'Make pending timers due now',
    apply: (client, id) => client.run(id),
  },
  {
    name: 'retry',
    description: 'Make failed timers pending again, due now, with all attempts of their policy',
    apply: (client, id) => client.retry(id),
  },
];

/** Applies a change to each timer, whatever becomes of the others. Returns the exit code of the first that failed. */
async function applyToAll(
  { apply }: Change,
  ids: readonly string[],
  context: CommandContext,
): Promise<ExitCode> {
  const client = context.client();
  const output = context.output();
  let exitCode: ExitCode = EXIT_CODE.ok;
  for (const id of ids)
    try {
      const { status } = await apply(client, id);
      output.result({ id, status }, () => [output.row([{ text: id }, { text: status }])]);
    } catch (error) {
      if (!(error instanceof TimerError)) throw error;
      output.note(`timer: ${id}: ${error.message}`);
      if (exitCode === EXIT_CODE.ok) exitCode = exitCodeOf(error);
    }
  return exitCode;
}

/** `cancel`, `run` and `retry`. */
export function addChanges(program: Command, context: CommandContext): void {
  for (const change of CHANGES)
    program
      .command(change.name)
      .description(change.description)
      .argument('<id...>', 'ids of the timers')
      .action(async (ids: string[]) => {
        context.exitWith(await applyToAll(change, ids, context));
      });
}
