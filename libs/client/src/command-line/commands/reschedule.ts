import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { UsageError } from '../usage-error.ts';
import { addManyOptions, changeMany, type ManyFlags } from './change-many.ts';

const EXAMPLES = `
Examples:
  timer reschedule --destination https://shop.example --shift 2h --spread 10m
  timer reschedule --schedule daily-report --at 2030-01-31T09:00:00Z --dry-run
  timer reschedule --all --shift=-15m`;

interface Flags extends ManyFlags {
  readonly at?: string;
  readonly delay?: string;
  readonly shift?: string;
  readonly spread?: string;
}

/** `timer reschedule` */
export function addReschedule(program: Command, context: CommandContext): void {
  const command = program
    .command('reschedule')
    .description('Move pending timers to another instant')
    .argument('[id...]', 'ids of the timers, instead of other filters')
    .option('--at <instant>', 'to this instant, such as 2030-01-31T09:00:00Z')
    .option('--delay <duration>', 'to this time from now')
    .option('--shift <duration>', 'later by this time, such as 2h; earlier with --shift=-15m')
    .option('--spread <duration>', 'evenly over this time');
  addManyOptions(command, 'pending')
    .addHelpText('after', EXAMPLES)
    .action(async (ids: string[], flags: Flags) => {
      const { at, delay, shift, spread } = flags;
      if ([at, delay, shift].filter((value) => value !== undefined).length !== 1)
        throw new UsageError('give one of --at, --delay and --shift');
      await changeMany(context, 'reschedule', flags, { ids, execute_at: at, delay, shift, spread });
    });
}
