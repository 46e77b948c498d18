import type { Occurrence, ScheduleSummary, SkippedOccurrences } from '@timer-platform/callback-types';

/** What an option is called, and what it means. */
export interface OptionText<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint: string;
}

export const OVERLAP_TEXTS: readonly OptionText<ScheduleSummary['overlap']>[] = [
  { value: 'allow', label: 'Allow', hint: 'Occurrences do not wait for each other.' },
  { value: 'skip', label: 'Skip', hint: 'While the one before is unfinished, there is none.' },
  { value: 'buffer_one', label: 'Buffer one', hint: 'One waits until the one before is finished.' },
  {
    value: 'cancel_previous',
    label: 'Cancel the previous',
    hint: 'The one before is canceled, if it can be.',
  },
];

export const CATCH_UP_TEXTS: readonly OptionText<ScheduleSummary['catch_up']>[] = [
  { value: 'none', label: 'None', hint: 'What was missed is skipped.' },
  { value: 'latest', label: 'The latest', hint: 'The last one missed is created, once.' },
  { value: 'all', label: 'All', hint: 'Every one missed is created, one after the other.' },
];

export const SKIP_TEXTS: Readonly<Record<SkippedOccurrences['reason'], string>> = {
  missed: 'missed: no service ran at that time',
  outside_catch_up_window: 'missed longer ago than the catch-up window',
  overlap: 'the one before was unfinished',
  paused: 'the schedule was paused',
};

export const ORIGIN_TEXTS: Readonly<Record<(Occurrence & { type: 'timer' })['origin'], string>> = {
  schedule: 'in time',
  catch_up: 'caught up',
  backfill: 'backfill',
  trigger: 'triggered',
};

/** What an option is called. */
export function labelOf<Value extends string>(texts: readonly OptionText<Value>[], value: Value): string {
  return texts.find((text) => text.value === value)?.label ?? value;
}
