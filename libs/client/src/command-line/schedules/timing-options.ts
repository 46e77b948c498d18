import type { PutScheduleRequest } from '@timer-platform/callback-types';
import type { Command } from 'commander';
import { collect, parsePositiveInteger } from '../arguments.ts';

/** When a schedule occurs, as commander parses it. */
export interface TimingFlags {
  readonly cron: readonly string[];
  readonly every?: string;
  readonly phase?: string;
  readonly timeZone?: string;
  readonly exclude: readonly string[];
  readonly startAt?: string;
  readonly endAt?: string;
  readonly maxOccurrences?: number;
}

type Timing = Pick<
  PutScheduleRequest,
  'cron' | 'every' | 'phase' | 'time_zone' | 'exclude' | 'start_at' | 'end_at' | 'max_occurrences'
>;

/** Adds the options of when a schedule occurs. */
export function addTimingOptions(command: Command): Command {
  return command
    .option('--cron <expression>', "such as '0 9 * * MON-FRI'; repeat it for more", collect, [])
    .option('--every <duration>', 'an interval such as 90s or 1d12h, instead of --cron')
    .option('--phase <duration>', 'shifts the interval')
    .option('--time-zone <name>', 'of the IANA database, such as Europe/Berlin; UTC by default')
    .option(
      '--exclude <exclusion>',
      'a date, a range of dates (2030-12-24/2030-12-26) or a cron expression; repeat it for more',
      collect,
      [],
    )
    .option('--start-at <instant>', 'no occurrence is earlier')
    .option('--end-at <instant>', 'no occurrence is later')
    .option('--max-occurrences <number>', 'ends after this many', parsePositiveInteger);
}

/** The timing of the options. The service checks the values. */
export function timingOf(flags: TimingFlags): Timing {
  const { cron, every, phase, timeZone, exclude, startAt, endAt, maxOccurrences } = flags;
  return {
    ...(cron.length > 0 && { cron: cron.length === 1 ? cron[0] : [...cron] }),
    ...(every !== undefined && { every }),
    ...(phase !== undefined && { phase }),
    ...(timeZone !== undefined && { time_zone: timeZone }),
    ...(exclude.length > 0 && { exclude: [...exclude] }),
    ...(startAt !== undefined && { start_at: startAt }),
    ...(endAt !== undefined && { end_at: endAt }),
    ...(maxOccurrences !== undefined && { max_occurrences: maxOccurrences }),
  };
}
