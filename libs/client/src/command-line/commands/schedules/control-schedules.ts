import { CATCH_UPS, type CatchUp } from '@timer-platform/callback-types';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.ts';
import { noteRunning, scheduleTable } from '../../schedules/show-schedule.ts';
import { fieldTable, summaryTable } from '../../show-timer.ts';

const KEY = ['<key>', 'key of the schedule'] as const;

function addPause(schedules: Command, context: CommandContext): void {
  schedules
    .command('pause')
    .description('Pause a schedule and cancel its pending occurrences')
    .argument(...KEY)
    .option('--note <text>', 'why')
    .option('--until <instant>', 'resume by itself at this instant')
    .action(async (key: string, { note, until }: { readonly note?: string; readonly until?: string }) => {
      const schedule = await context.client().schedules.pause(key, { note, until });
      const output = context.output();
      output.result(schedule, () => scheduleTable(output, [schedule]));
      noteRunning(output, schedule);
    });
}

function addResume(schedules: Command, context: CommandContext): void {
  schedules
    .command('resume')
    .description('Resume a schedule')
    .argument(...KEY)
    .addOption(
      new Option(
        '--catch-up <which>',
        'which occurrences of the pause are made up for; none by default',
      ).choices(CATCH_UPS),
    )
    .action(async (key: string, { catchUp }: { readonly catchUp?: CatchUp }) => {
      const schedule = await context.client().schedules.resume(key, { catch_up: catchUp });
      const output = context.output();
      output.result(schedule, () => scheduleTable(output, [schedule]));
    });
}

function addTrigger(schedules: Command, context: CommandContext): void {
  schedules
    .command('trigger')
    .description('Create an occurrence now, also of a schedule that is paused')
    .argument(...KEY)
    .option('--idempotency-key <key>', 'repeat the command with the same key: nothing is created twice')
    .action(async (key: string, { idempotencyKey }: { readonly idempotencyKey?: string }) => {
      const timer = await context.client().schedules.trigger(key, { idempotencyKey });
      const output = context.output();
      output.result(timer, () => summaryTable(output, [timer]));
    });
}

interface BackfillFlags {
  readonly from: string;
  readonly to: string;
  readonly spacing?: string;
  readonly dryRun?: boolean;
}

function addBackfill(schedules: Command, context: CommandContext): void {
  schedules
    .command('backfill')
    .description('Create the occurrences of a time in the past that do not exist')
    .argument(...KEY)
    .requiredOption('--from <instant>', 'occurrences at or after this instant')
    .requiredOption('--to <instant>', 'occurrences at or before this instant')
    .option('--spacing <duration>', 'time between their deliveries')
    .option('--dry-run', 'only count them')
    .action(async (key: string, { from, to, spacing, dryRun }: BackfillFlags) => {
      const range = { from, to, spacing, dry_run: dryRun };
      const result = await context.client().schedules.backfill(key, range);
      const output = context.output();
      output.result(result, () => fieldTable(output, result));
      if (result.warning !== null && !output.json) output.note(`timer: ${result.warning}`);
    });
}

function addDelete(schedules: Command, context: CommandContext): void {
  schedules
    .command('delete')
    .description('Delete a schedule and cancel its pending occurrences')
    .argument(...KEY)
    .action(async (key: string) => {
      const deleted = await context.client().schedules.delete(key);
      const output = context.output();
      output.result(deleted ?? { key }, () => [output.row([{ text: key }, { text: 'deleted' }])]);
      if (deleted !== undefined) noteRunning(output, deleted);
    });
}

/** `pause`, `resume`, `trigger`, `backfill` and `delete`. */
export function addControlSchedules(schedules: Command, context: CommandContext): void {
  addPause(schedules, context);
  addResume(schedules, context);
  addTrigger(schedules, context);
  addBackfill(schedules, context);
  addDelete(schedules, context);
}
