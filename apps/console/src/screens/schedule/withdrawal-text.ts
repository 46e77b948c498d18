import { formatCountOf } from '../../lib/format-number.ts';

/** What became of the occurrences that existed. */
export function withdrawalText({
  withdrawn_count,
  running,
}: {
  readonly withdrawn_count: number;
  readonly running: readonly unknown[];
}): string {
  const parts = [
    ...(withdrawn_count > 0 ? [`${formatCountOf(withdrawn_count, 'pending occurrence')} withdrawn`] : []),
    ...(running.length > 0 ? [`${formatCountOf(running.length, 'unfinished one')} left alone`] : []),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
