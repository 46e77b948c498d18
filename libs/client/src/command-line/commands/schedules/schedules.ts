import type { Command } from 'commander';
import type { CommandContext } from '../../command-context.ts';
import { addApplySchedules } from './apply-schedules.ts';
import { addControlSchedules } from './control-schedules.ts';
import { addPutSchedule } from './put-schedule.ts';
import { addReadSchedules } from './read-schedules.ts';

/** `timer schedules …` */
export function addSchedules(program: Command, context: CommandContext): void {
  const schedules = program
    .command('schedules')
    .description('Recurring timers: put, list, get, occurrences, preview, pause, …')
    .configureHelp({ showGlobalOptions: true });
  addPutSchedule(schedules, context);
  addReadSchedules(schedules, context);
  addControlSchedules(schedules, context);
  addApplySchedules(schedules, context);
}
