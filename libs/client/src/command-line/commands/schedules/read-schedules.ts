import type { Command } from 'commander';
import { parsePositiveInteger } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import type { Output } from '../../output.ts';
import { occurrenceTable, previewTable, scheduleTable } from '../../schedules/show-schedule.ts';
import { addTimingOptions, type TimingFlags, timingOf } from '../../schedules/timing-options.ts';
import { fieldTable } from '../../show-timer.ts';
import { UsageError } from '../../usage-error.ts';

interface ListFlags {
  readonly limit: number;
  readonly all?: boolean;
  readonly prefix?: string;
  readonly paused?: boolean;
}

const PAGE_SIZE = 200;

/** Writes items of a list, as JSON Lines as they come, or as a table at the end. */
async function writeList<Item>(
  output: Output,
  items: AsyncIterable<Item>,
  wanted: number,
  table: (items: readonly Item[]) => readonly string[],
): Promise<void> {
  const shown: Item[] = [];
  let total = 0;
  for await (const item of items) {
    total += 1;
    if (output.json) output.result(item, () => []);
    else shown.push(item);
    if (total >= wanted) break;
  }
  if (!output.json) for (const line of table(shown)) output.line(line);
}

function addList(schedules: Command, context: CommandContext): void {
  schedules
    .command('list')
    .description('List schedules in the order of their keys')
    .option('--prefix <text>', 'only those whose key starts with this')
    .option('--paused', 'only those that are paused')
    .option('--no-paused', 'only those that are not paused')
    .option('--limit <number>', 'at most this many', parsePositiveInteger, 50)
    .option('--all', 'all of them, page by page')
    .action(async ({ limit, all, prefix, paused }: ListFlags) => {
      const output = context.output();
      const wanted = all === true ? Infinity : limit;
      const query = { prefix, paused, limit: Math.min(wanted, PAGE_SIZE) };
      const found = context.client().schedules.list(query);
      await writeList(output, found, wanted, (items) => scheduleTable(output, items));
    });
}

function addGet(schedules: Command, context: CommandContext): void {
  schedules
    .command('get')
    .description('Show a schedule with all its fields')
    .argument('<key>', 'key of the schedule')
    .action(async (key: string) => {
      const schedule = await context.client().schedules.get(key);
      const output = context.output();
      output.result(schedule, () => fieldTable(output, schedule));
    });
}

function addOccurrences(schedules: Command, context: CommandContext): void {
  schedules
    .command('occurrences')
    .description('List the occurrences of a schedule, the newest first: timers, and what was skipped')
    .argument('<key>', 'key of the schedule')
    .option('--limit <number>', 'at most this many', parsePositiveInteger, 50)
    .option('--all', 'all of them, page by page')
    .action(async (key: string, { limit, all }: ListFlags) => {
      const output = context.output();
      const wanted = all === true ? Infinity : limit;
      const found = context.client().schedules.occurrences(key, { limit: Math.min(wanted, PAGE_SIZE) });
      await writeList(output, found, wanted, (items) => occurrenceTable(output, items));
    });
}

const PREVIEW_EXAMPLES = `
Examples:
  timer schedules preview --cron '30 2 * * *' --time-zone Europe/Berlin --from 2030-03-30T00:00:00Z
  timer schedules preview daily-report      # of a schedule that is stored`;

interface PreviewFlags extends TimingFlags {
  readonly from?: string;
  readonly count?: number;
}

/** The timing of the options, or of a schedule. */
async function previewed(key: string | undefined, flags: PreviewFlags, context: CommandContext) {
  const timing = timingOf(flags);
  const given = Object.keys(timing).length > 0;
  if ((key !== undefined) === given)
    throw new UsageError('give the key of a schedule, or a timing with --cron or --every');
  if (key === undefined) return timing;
  const { cron, every, phase, time_zone, exclude, start_at, end_at, max_occurrences } = await context
    .client()
    .schedules.get(key);
  return { cron, every, phase, time_zone, exclude, start_at, end_at, max_occurrences };
}

function addPreview(schedules: Command, context: CommandContext): void {
  const command = schedules
    .command('preview')
    .description('Show the next occurrences of a timing, in plain words, in UTC and in local time')
    .argument('[key]', 'a schedule, instead of a timing');
  addTimingOptions(command)
    .option('--from <instant>', 'occurrences after this instant instead of now')
    .option('--count <number>', 'how many, at most 100', parsePositiveInteger)
    .addHelpText('after', PREVIEW_EXAMPLES)
    .action(async (key: string | undefined, flags: PreviewFlags) => {
      const { from, count } = flags;
      const timing = await previewed(key, flags, context);
      const preview = await context.client().schedules.preview({ ...timing, from, count });
      const output = context.output();
      output.result(preview, () => [
        output.row([{ text: preview.description }]),
        ...previewTable(output, preview.occurrences),
      ]);
    });
}

/** `list`, `get`, `occurrences` and `preview`. */
export function addReadSchedules(schedules: Command, context: CommandContext): void {
  addList(schedules, context);
  addGet(schedules, context);
  addOccurrences(schedules, context);
  addPreview(schedules, context);
}
