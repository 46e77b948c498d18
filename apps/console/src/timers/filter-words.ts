import { showFilterInstant } from './filter-instant.ts';
import { FILTER_NAMES, type FilterName, isInstantFilter, type TimerFilters } from './timer-filters.ts';

export const FILTER_LABELS: Readonly<Record<FilterName, string>> = {
  status: 'Status',
  callback_type: 'Type',
  destination: 'Destination',
  due_from: 'Due from',
  due_before: 'Due before',
  created_from: 'Created from',
  created_before: 'Created before',
  metadata: 'Metadata',
  last_error: 'Error contains',
  schedule: 'Schedule',
  key: 'Key',
};

/** A filter in words. */
export interface FilterWord {
  readonly name: FilterName;
  readonly label: string;
  readonly value: string;
}

/** @param zone in which instants are shown */
export function filterWords(filters: TimerFilters, zone: string): readonly FilterWord[] {
  return FILTER_NAMES.flatMap((name) => {
    const value = filters[name];
    if (value === undefined) return [];
    return {
      name,
      label: FILTER_LABELS[name],
      value: isInstantFilter(name) ? showFilterInstant(value, zone) : value,
    };
  });
}
