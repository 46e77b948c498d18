import type { Command } from 'commander';
import { TimerError } from '../../client/errors.ts';
import type { TimerClient } from '../../client/timer-client.ts';
import { collect } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODE, type ExitCode, exitCodeOf } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import { addManyOptions, changeMany, type ManyFlags, selectsMany } from './change-many.ts';

interface Changed {
  readonly id: string;
  readonly status: string;
}

interface Change {
  readonly name: 'cancel' | 'run' | 'retry';
  readonly description: string;
  /** The timers that it can change. */
  readonly which: 'pending' | 'failed';
  readonly apply: (client: TimerClient, id: string) => Promise<Changed>;
  /** Only where the API finds the timer by a key of the client's own. */
  readonly applyByKey?: (client: TimerClient, key: string) => Promise<Changed>;
}

const CHANGES: readonly Change[] = [
  {
    name: 'cancel',
    description: 'Cancel pending timers: no attempt starts afterwards',
    which: 'pending',
    apply: (client, id) => client.cancel(id),
    applyByKey: (client, key) => client.cancelByKey(key),
  },
  {
    name: 'run',
    description: 'Make pending timers due now',
    which: 'pending',
    apply: (client, id) => client.run(id),
  },
  {
    name: 'retry',
    description: 'Make failed timers pending again, due now, with all attempts of their policy',
    which: 'failed',
    apply: (client, id) => client.retry(id),
  },
];

interface Application {
  /** The id or key that the user gave. */
  readonly name: string;
  readonly apply: () => Promise<Changed>;
}

/** Applies a change to each timer, whatever becomes of the others. Returns the exit code of the first that failed. */
async function applyAll(applications: readonly Application[], output: Output): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODE.ok;
  for (const { name, apply } of applications)
    try {
      const { id, status } = await apply();
      output.result({ id, status }, () => [output.row([{ text: id }, { text: status }])]);
    } catch (error) {
      if (!(error instanceof TimerError)) throw error;
      output.note(`timer: ${name}: ${error.message}`);
      if (exitCode === EXIT_CODE.ok) exitCode = exitCodeOf(error);
    }
  return exitCode;
}

interface Flags extends ManyFlags {
  readonly key?: readonly string[];
}

const EXAMPLES = `
With filters or --all, changes all timers that match, of any client, with a key of the role admin. Examples:
  timer cancel --destination https://shop.example --due-before 2030-02-01T00:00:00Z --dry-run
  timer retry --last-error 'HTTP 503' --yes`;

async function changeByName(
  context: CommandContext,
  change: Change,
  ids: readonly string[],
  keys: readonly string[],
): Promise<void> {
  const client = context.client();
  const byId = ids.map((id) => ({ name: id, apply: () => change.apply(client, id) }));
  const byKey = keys.map((key) => ({
    name: key,
    apply: () => (change.applyByKey ?? change.apply)(client, key),
  }));
  context.exitWith(await applyAll([...byId, ...byKey], context.output()));
}

/** `cancel`, `run` and `retry`. */
export function addChanges(program: Command, context: CommandContext): void {
  for (const change of CHANGES) {
    const command = program
      .command(change.name)
      .description(change.description)
      .argument('[id...]', 'ids of the timers');
    if (change.applyByKey !== undefined)
      command.option(
        '--key <key>',
        'also the timer with this key of your own; repeat it for more',
        collect,
        [],
      );
    if (change.name === 'retry')
      command
        .option('--failed-from <instant>', 'only timers that failed at or after this instant')
        .option('--failed-before <instant>', 'only timers that failed before this instant');
    addManyOptions(command, change.which).addHelpText('after', EXAMPLES);
    command.action(async (ids: string[], flags: Flags) => {
      const { key: keys = [] } = flags;
      const isNamed = ids.length + keys.length > 0;
      if (isNamed === selectsMany(flags))
        throw new UsageError(
          'give ids, or else filters, such as --destination, or --all; --dry-run and --yes belong to filters',
        );
      await (isNamed ? changeByName(context, change, ids, keys) : changeMany(context, change.name, flags));
    });
  }
}
