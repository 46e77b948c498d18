import type { Forecast } from '@timer-platform/callback-types';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../command-context.ts';
import type { Output } from '../output.ts';
import { cell } from '../show-timer.ts';
import { countText } from './stats.ts';

function forecastTable(output: Output, { buckets, by_destination: destinations }: Forecast): string[] {
  const rows = buckets.map(({ start, pending, occurrences, estimated }) =>
    [start, countText({ count: pending, estimated }), countText({ count: occurrences, estimated })].map(cell),
  );
  const table = output.table(['START', 'PENDING', 'OCCURRENCES'], rows);
  if (destinations === null) return table;
  const totals = destinations.map(({ destination, total }) => [destination ?? '(others)', total].map(cell));
  return [...table, '', ...output.table(['DESTINATION', 'TOTAL'], totals)];
}

interface ForecastFlags {
  readonly until?: string;
  readonly bucket?: string;
  readonly by?: 'destination';
}

/** `timer forecast` */
export function addForecast(program: Command, context: CommandContext): void {
  program
    .command('forecast')
    .description('How many timers become due when; ~ marks estimates')
    .option('--until <end>', 'an instant, or a duration from now up to 31d; 1h by default')
    .option('--bucket <duration>', 'length of a bucket; a 60th of the whole by default')
    .addOption(new Option('--by <what>', 'also the numbers of each').choices(['destination']))
    .action(async ({ until, bucket, by }: ForecastFlags) => {
      const forecast = await context.client().forecast({ until, bucket, by });
      const output = context.output();
      output.result(forecast, () => forecastTable(output, forecast));
    });
}
