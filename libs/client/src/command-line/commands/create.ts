import type { TimerSummary } from '@timer-platform/callback-types';
import type { Command } from 'commander';
import type { NewTimer } from '../../client/requests.ts';
import type { TimerClient } from '../../client/timer-client.ts';
import type { CommandContext } from '../command-context.ts';
import { summaryTable } from '../show-timer.ts';
import { type CreateFlags, timerRequest } from '../timer-request.ts';
import { addCallbackOptions } from './callback-options.ts';

const EXAMPLES = `
Examples:
  timer create --delay 15m --http https://shop.example/hook --payload '{"order":42}'
  timer create --at 2030-01-31T09:00:00Z --nats orders.due --nats-key 42 --jetstream
  timer create --file request.json          # the whole request, as POST /timers takes it
  generate-request | timer create --file -

Arguments are visible to other users of this machine: pass headers and payloads with
secrets in a file (--file, or --payload @payload.json).`;

type Flags = CreateFlags & { readonly idempotencyKey?: string; readonly key?: string };

function store(
  client: TimerClient,
  request: NewTimer,
  { key, idempotencyKey }: Flags,
): Promise<TimerSummary> {
  const options = { idempotencyKey };
  return key === undefined ? client.create(request, options) : client.putByKey(key, request, options);
}

export function addCreate(program: Command, context: CommandContext): void {
  const command = program
    .command('create')
    .description('Store a timer')
    .option('--delay <duration>', 'deliver after this time, such as 250ms, 90s or 1d12h')
    .option('--at <instant>', 'deliver at this instant, such as 2030-01-31T09:00:00Z');
  addCallbackOptions(command)
    .option('--expires-at <instant>', 'no attempt starts after this instant')
    .option('--file <file>', 'the whole request as JSON, - for standard input')
    .option('--key <key>', 'a key of your own: replaces the pending timer that has it')
    .option('--idempotency-key <key>', 'repeat the command with the same key: nothing is stored twice')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Flags) => {
      const request = await timerRequest(flags, context.readInput);
      const timer = await store(context.client(), request, flags);
      const output = context.output();
      output.result(timer, () => summaryTable(output, [timer]));
    });
}
