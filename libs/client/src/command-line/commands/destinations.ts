import type { Destination } from '@timer-platform/callback-types';
import { type Command, InvalidArgumentError } from 'commander';
import { parsePositiveInteger } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import type { Output } from '../output.ts';
import { cell, fieldTable } from '../show-timer.ts';
import { UsageError } from '../usage-error.ts';

const NAME = ['<destination>', 'such as https://example.com, or nats:orders.due'] as const;
const COLUMNS = [
  'DESTINATION',
  'PAUSED AT',
  'RATE',
  'MAX IN FLIGHT',
  'BREAKER',
  'IN FLIGHT',
  'WAITING',
  'FAILURES/MIN',
];

function destinationTable(output: Output, destinations: readonly Destination[]): string[] {
  const rows = destinations.map((each) =>
    [
      each.destination,
      each.paused_at,
      each.rate_per_second,
      each.max_in_flight,
      each.breaker,
      each.in_flight,
      each.waiting + each.waiting_paused,
      each.failures_per_minute,
    ].map(cell),
  );
  return output.table(COLUMNS, rows);
}

function show(context: CommandContext, destination: Destination): void {
  const output = context.output();
  output.result(destination, () => fieldTable(output, destination));
}

function addRead(destinations: Command, context: CommandContext): void {
  destinations
    .command('list')
    .description('List the destinations with settings, and those where timers are delivered now')
    .action(async () => {
      const found = await context.client().destinations.list();
      const output = context.output();
      if (output.json) for (const destination of found) output.result(destination, () => []);
      else output.result(found, () => destinationTable(output, found));
    });
  destinations
    .command('get')
    .description('Show a destination')
    .argument(...NAME)
    .action(async (name: string) => {
      show(context, await context.client().destinations.get(name));
    });
}

function addPauses(destinations: Command, context: CommandContext): void {
  destinations
    .command('pause')
    .description('Stop deliveries to a destination; its timers wait')
    .argument(...NAME)
    .option('--note <text>', 'why')
    .action(async (name: string, { note }: { readonly note?: string }) => {
      show(context, await context.client().destinations.pause(name, { note }));
    });
  destinations
    .command('resume')
    .description('Deliver to a paused destination again')
    .argument(...NAME)
    .action(async (name: string) => {
      show(context, await context.client().destinations.resume(name));
    });
}

/** commander takes null for a missing value. */
type Limit = number | 'none';

function parseRate(text: string): Limit {
  if (text === 'none') return text;
  const rate = Number(text);
  if (text.trim() === '' || !(rate > 0))
    throw new InvalidArgumentError('It must be a number above 0, or none.');
  return rate;
}

function parseMaximum(text: string): Limit {
  return text === 'none' ? text : parsePositiveInteger(text);
}

function limitOf(flag: Limit | undefined): number | null | undefined {
  return flag === 'none' ? null : flag;
}

interface LimitFlags {
  readonly rate?: Limit;
  readonly maxInFlight?: Limit;
}

function addLimit(destinations: Command, context: CommandContext): void {
  destinations
    .command('limit')
    .description('Set or remove the limits of a destination, for all dispatchers together')
    .argument(...NAME)
    .option('--rate <number>', 'attempts that may start per second, or none', parseRate)
    .option('--max-in-flight <number>', 'attempts that may be under way, or none', parseMaximum)
    .action(async (name: string, { rate, maxInFlight }: LimitFlags) => {
      if (rate === undefined && maxInFlight === undefined)
        throw new UsageError('--rate or --max-in-flight is required');
      const limits = { rate_per_second: limitOf(rate), max_in_flight: limitOf(maxInFlight) };
      show(context, await context.client().destinations.limit(name, limits));
    });
}

/** `timer destinations …` */
export function addDestinations(program: Command, context: CommandContext): void {
  const destinations = program
    .command('destinations')
    .description('Where callbacks go: list, get, pause, resume, limit')
    .configureHelp({ showGlobalOptions: true });
  addRead(destinations, context);
  addPauses(destinations, context);
  addLimit(destinations, context);
}
