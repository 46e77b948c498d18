import type { OperatorAction } from '@timer-platform/callback-types';
import { formatCountOf } from '../../lib/format-number.ts';

const VERBS: Readonly<Record<string, string>> = {
  cancel_timers: 'Canceled',
  run_timers: 'Ran at once',
  reschedule_timers: 'Rescheduled',
  retry_timers: 'Retried',
  undo: 'Undid an action on',
  pause_destination: 'Paused',
  resume_destination: 'Resumed',
  limit_destination: 'Changed the limits of',
};

/** An action in words: "Canceled 12 timers", "Paused https://a.example". */
export function describeAction({
  action,
  target,
  affected,
}: Pick<OperatorAction, 'action' | 'target' | 'affected'>): string {
  const verb = VERBS[action];
  if (verb === undefined) {
    const name = action.replaceAll('_', ' ');
    return target === null ? name : `${name}: ${target}`;
  }
  return `${verb} ${target ?? formatCountOf(affected, 'timer')}`;
}
