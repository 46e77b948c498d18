import { useQuery } from '@tanstack/react-query';
import type { DestinationListResponse } from '@timer-platform/callback-types';
import { useId, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Filters, SelectFilter, TextFilter } from '../../components/filters.tsx';
import { useTimeZone } from '../../preferences/preferences.ts';
import { parseFilterInstant, showFilterInstant } from '../../timers/filter-instant.ts';
import { FILTER_LABELS, filterWords } from '../../timers/filter-words.ts';
import { parseMetadataFilter } from '../../timers/metadata-filter.ts';
import { type FilterName, type ListAddress, type Sort, SORTS } from '../../timers/timer-filters.ts';
import { TimerSearch } from './timer-search.tsx';
import styles from './timers-screen.module.css';

const STATUS_OPTIONS = [
  { value: '', label: 'All' },
  { value: 'pending', label: 'Pending' },
  { value: 'executing', label: 'Executing' },
  { value: 'completed', label: 'Completed' },
  { value: 'failed', label: 'Failed' },
  { value: 'canceled', label: 'Canceled' },
];
const TYPE_OPTIONS = [
  { value: '', label: 'All' },
  { value: 'http', label: 'HTTP' },
  { value: 'nats', label: 'NATS' },
];
const SORT_OPTIONS = [
  { value: '', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'due', label: 'First due first' },
  { value: 'due-last', label: 'Last due first' },
];
const DISTANCES = ['now', '-1h', '-1d', '+1h', '+1d'];

interface FilterBarProps {
  readonly address: ListAddress;
  readonly onFilter: (name: FilterName, value: string | undefined) => void;
  readonly onSort: (sort: Sort | undefined) => void;
  readonly onClear: () => void;
}

/** The filters of the list: a search, the status, the others when they are asked for, and what applies. */
export function FilterBar({ address, onFilter, onSort, onClear }: FilterBarProps) {
  const { filters, sort } = address;
  const [isOpen, setOpen] = useState(false);
  const panel = useId();
  const zone = useTimeZone();
  const words = filterWords(filters, zone);
  return (
    <>
      <Filters label="Timers">
        <TimerSearch onFilter={onFilter} />
        <SelectFilter
          label="Status"
          value={filters.status}
          options={STATUS_OPTIONS}
          onChange={(value) => {
            onFilter('status', value);
          }}
        />
        <SelectFilter
          label="Order"
          value={sort}
          options={SORT_OPTIONS}
          onChange={(value) => {
            onSort(SORTS.find((known) => known === value));
          }}
        />
        <Button
          aria-expanded={isOpen}
          aria-controls={panel}
          onClick={() => {
            setOpen(!isOpen);
          }}
        >
          {isOpen ? 'Fewer filters' : 'More filters'}
        </Button>
      </Filters>
      <div id={panel} hidden={!isOpen}>
        {isOpen && <MoreFilters address={address} onFilter={onFilter} />}
      </div>
      {words.length > 0 && (
        <ul className={styles.chips} aria-label="Filters that apply">
          {words.map(({ name, label, value }) => (
            <li key={name}>
              <button
                type="button"
                className={styles.chip}
                aria-label={`Remove the filter ${label}: ${value}`}
                onClick={() => {
                  onFilter(name, undefined);
                }}
              >
                <span className="muted">{label}</span> <span className={styles.chipValue}>{value}</span>
                <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
          {words.length > 1 && (
            <li>
              <Button small kind="quiet" onClick={onClear}>
                Clear all
              </Button>
            </li>
          )}
        </ul>
      )}
    </>
  );
}

function MoreFilters({ address: { filters }, onFilter }: Pick<FilterBarProps, 'address' | 'onFilter'>) {
  const destinations = useQuery(apiQuery<DestinationListResponse['data']>('/destinations'));
  const text = (name: FilterName, placeholder: string) => (
    <TextFilter
      label={FILTER_LABELS[name]}
      value={filters[name]}
      placeholder={placeholder}
      onChange={(value) => {
        onFilter(name, value);
      }}
    />
  );
  const instant = (name: FilterName) => (
    <InstantFilter
      label={FILTER_LABELS[name]}
      value={filters[name]}
      onChange={(value) => {
        onFilter(name, value);
      }}
    />
  );
  return (
    <Filters label="More filters of timers">
      <SelectFilter
        label={FILTER_LABELS.callback_type}
        value={filters.callback_type}
        options={TYPE_OPTIONS}
        onChange={(value) => {
          onFilter('callback_type', value);
        }}
      />
      <TextFilter
        label={FILTER_LABELS.destination}
        value={filters.destination}
        placeholder="https://example.com"
        wide
        suggestions={destinations.data?.destinations.map(({ destination }) => destination) ?? []}
        onChange={(value) => {
          onFilter('destination', value);
        }}
      />
      {text('last_error', 'HTTP 503')}
      <TextFilter
        label={FILTER_LABELS.metadata}
        value={filters.metadata}
        placeholder='team=billing or {"team":"billing"}'
        wide
        check={(typed) =>
          parseMetadataFilter(typed) === undefined ? 'A JSON object, or name=value' : undefined
        }
        onChange={(typed) => {
          onFilter('metadata', typed === undefined ? undefined : parseMetadataFilter(typed));
        }}
      />
      {text('schedule', 'daily-report')}
      {text('key', 'order-42')}
      {instant('due_from')}
      {instant('due_before')}
      {instant('created_from')}
      {instant('created_before')}
    </Filters>
  );
}

function InstantFilter({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}) {
  const zone = useTimeZone();
  return (
    <TextFilter
      label={label}
      value={value === undefined ? undefined : showFilterInstant(value, zone)}
      placeholder="-1h, +15m, date"
      suggestions={DISTANCES}
      check={(typed) =>
        parseFilterInstant(typed, zone) === undefined ? 'now, -1h, +15m, or 2026-11-26 14:05' : undefined
      }
      onChange={(typed) => {
        onChange(typed === undefined ? undefined : parseFilterInstant(typed, zone));
      }}
    />
  );
}
