import { formatCountOf } from '../../lib/format-number.ts';
import type { OperatorAction } from './operator-action.ts';

const VERBS: Readonly<Record<string, string>> = {
  'timers.cancel': 'Canceled',
  'timers.run': 'Ran at once',
  'timers.reschedule': 'Rescheduled',
  'timers.retry': 'Retried',
  'destination.pause': 'Paused',
  'destination.resume': 'Resumed',
  'destination.update': 'Changed the limits of',
  undo: 'Undid an action on',
};

/** An action in words: "Canceled 12 timers", "Paused https://a.example". */
export function describeAction({
  action,
  target,
  affected,
}: Pick<OperatorAction, 'action' | 'target' | 'affected'>): string {
  const verb = VERBS[action];
  if (verb === undefined) return target === null ? action : `${action} ${target}`;
  return `${verb} ${target ?? formatCountOf(affected, 'timer')}`;
}
