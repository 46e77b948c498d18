import { setTimeout as delay } from 'node:timers/promises';
import type { CallbackType, Timer } from '@timer-platform/callback-types';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { TimerError } from '../../client/errors.ts';
import { parseMilliseconds, parsePositiveInteger } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODE, exitCodeOf } from '../exit-codes.ts';
import { TimerFollower } from '../follow-timers.ts';
import { finishedLine } from '../show-timer.ts';
import { callbackTypeOption } from './filters.ts';

const NOTES = `
Prints each timer once when it has completed or failed, from now on, until Ctrl-C. It polls: a timer
that is moved forward and delivered between two polls may be missed. For every delivery, use the
metrics of the service or the logs of the receiver.`;

const MIN_INTERVAL_MS = 500;

interface Flags {
  readonly status?: Timer['status'];
  readonly callbackType?: CallbackType;
  readonly interval: number;
  readonly limit?: number;
}

function parseInterval(text: string): number {
  const ms = parseMilliseconds(text);
  if (ms < MIN_INTERVAL_MS) throw new InvalidArgumentError(`It must be at least ${MIN_INTERVAL_MS}ms.`);
  return ms;
}

/** Polls until it is stopped or has printed enough. A service that is unavailable is polled on. */
async function follow(
  { status, callbackType, interval, limit = Infinity }: Flags,
  context: CommandContext,
): Promise<void> {
  const signal = context.listenForStop();
  const output = context.output();
  const follower = new TimerFollower({
    client: context.client(),
    signal,
    intervalMs: interval,
    now: context.now,
  });
  let printed = 0;
  while (!signal.aborted) {
    try {
      for (const timer of await follower.poll()) {
        if (
          (status ?? timer.status) !== timer.status ||
          (callbackType ?? timer.callback_type) !== timer.callback_type
        )
          continue;
        output.result(timer, () => [finishedLine(output, timer)]);
        printed += 1;
        if (printed >= limit) return;
      }
    } catch (error) {
      if (!(error instanceof TimerError)) throw error;
      if (error.kind === 'aborted') return;
      if (exitCodeOf(error) !== EXIT_CODE.unavailable) throw error;
      output.note(`timer: ${error.message}; still trying`);
    }
    await delay(interval, undefined, { signal }).catch(() => undefined);
  }
}

export function addTail(program: Command, context: CommandContext): void {
  program
    .command('tail')
    .description('Follow deliveries: print timers as they complete or fail')
    .addOption(new Option('--status <status>', 'only these').choices(['completed', 'failed']))
    .addOption(callbackTypeOption())
    .addOption(
      new Option('--interval <duration>', 'time between polls').argParser(parseInterval).default(2_000, '2s'),
    )
    .option('--limit <number>', 'end after this many', parsePositiveInteger)
    .addHelpText('after', NOTES)
    .action((flags: Flags) => follow(flags, context));
}
