import { CATCH_UPS, OVERLAPS, type PutScheduleRequest } from '@timer-platform/callback-types';
import { type Command, Option } from 'commander';
import type { NewSchedule } from '../../../client/schedule-requests.ts';
import { parsePositiveInteger } from '../../arguments.ts';
import type { CommandContext, InputReader } from '../../command-context.ts';
import { noteRunning, scheduleTable } from '../../schedules/show-schedule.ts';
import { addTimingOptions, type TimingFlags, timingOf } from '../../schedules/timing-options.ts';
import { type CallbackFlags, callbackRequest, parseJson } from '../../timer-request.ts';
import { UsageError } from '../../usage-error.ts';
import { addCallbackOptions } from '../callback-options.ts';

const EXAMPLES = `
Examples:
  timer schedules put daily-report --cron '0 9 * * MON-FRI' --time-zone Europe/Berlin \\
    --http https://shop.example/reports
  timer schedules put heartbeat --every 90s --nats heartbeats --overlap skip
  timer schedules put daily-report --file schedule.json   # the whole request, as PUT /schedules/:key takes it

Repeating a command changes nothing. For many schedules see: timer schedules apply --help`;

interface Flags extends TimingFlags, CallbackFlags {
  readonly jitter?: string;
  readonly overlap?: PutScheduleRequest['overlap'];
  readonly catchUp?: PutScheduleRequest['catch_up'];
  readonly catchUpWindow?: string;
  readonly catchUpSpacing?: string;
  readonly expiresAfter?: string;
  readonly pauseAfterFailures?: number;
  readonly file?: string;
  readonly ifRevision?: number;
  readonly ifNew?: boolean;
}

/** Options that do not describe the schedule. */
const NOT_CONTENT = new Set(['file', 'ifRevision', 'ifNew']);

async function requestOf(flags: Flags, readInput: InputReader): Promise<NewSchedule> {
  if (flags.file === undefined)
    return {
      ...timingOf(flags),
      ...(await callbackRequest(flags, readInput)),
      jitter: flags.jitter,
      overlap: flags.overlap,
      catch_up: flags.catchUp,
      catch_up_window: flags.catchUpWindow,
      catch_up_spacing: flags.catchUpSpacing,
      expires_after: flags.expiresAfter,
      pause_after_failures: flags.pauseAfterFailures,
    };
  const others = Object.entries(flags).filter(
    ([name, value]) => !NOT_CONTENT.has(name) && String(value) !== '',
  );
  if (others.length > 0)
    throw new UsageError('--file has the whole schedule: leave out the options that describe it');
  const text = new TextDecoder().decode(await readInput(flags.file));
  return parseJson(text, '--file') as NewSchedule;
}

export function addPutSchedule(schedules: Command, context: CommandContext): void {
  const command = schedules
    .command('put')
    .description('Store a schedule, or replace the one with this key')
    .argument('<key>', 'a key of your own');
  addCallbackOptions(addTimingOptions(command))
    .option('--jitter <duration>', 'a delay up to this, always the same for the schedule')
    .addOption(
      new Option('--overlap <policy>', 'what happens while the occurrence before is unfinished').choices(
        OVERLAPS,
      ),
    )
    .addOption(
      new Option('--catch-up <which>', 'which missed occurrences are made up for').choices(CATCH_UPS),
    )
    .option('--catch-up-window <duration>', 'how long after its instant an occurrence is made up for')
    .option('--catch-up-spacing <duration>', 'time between those that are made up for')
    .option('--expires-after <duration>', 'no attempt starts later than this after the instant')
    .option(
      '--pause-after-failures <number>',
      'pause after this many failures in a row',
      parsePositiveInteger,
    )
    .option('--file <file>', 'the whole schedule as JSON, - for standard input')
    .option('--if-revision <number>', 'refuse unless the schedule has this revision', parsePositiveInteger)
    .option('--if-new', 'refuse if there is a schedule with this key')
    .addHelpText('after', EXAMPLES)
    .action(async (key: string, flags: Flags) => {
      const { ifRevision, ifNew } = flags;
      const request = await requestOf(flags, context.readInput);
      const schedule = await context.client().schedules.put(key, request, { ifRevision, ifNew });
      const output = context.output();
      output.result(schedule, () => scheduleTable(output, [schedule]));
      noteRunning(output, schedule);
    });
}
