import type { TimerState } from '@timer-platform/callback-types';
import type { QueryFields } from '../lib/query-string.ts';
import { parseFilterInstant, resolveFilterInstant } from './filter-instant.ts';
import { parseMetadataFilter } from './metadata-filter.ts';

const STATES: readonly TimerState[] = ['pending', 'executing', 'completed', 'failed', 'canceled'];
export const SORTS = ['oldest', 'due', 'due-last'] as const;
/** Order of a list; absent: the newest first. */
export type Sort = (typeof SORTS)[number];

/** Filters of the list in the address; their names are those of the API. */
export const FILTER_NAMES = [
  'status',
  'callback_type',
  'destination',
  'due_from',
  'due_before',
  'created_from',
  'created_before',
  'metadata',
  'last_error',
  'schedule',
  'key',
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/** Filters by name, each as the address has it; instants may be distances from now. */
export type TimerFilters = Readonly<Partial<Record<FilterName, string>>>;

const INSTANTS: ReadonlySet<FilterName> = new Set<FilterName>([
  'due_from',
  'due_before',
  'created_from',
  'created_before',
]);

/** Whether the filter is an instant. */
export function isInstantFilter(name: FilterName): boolean {
  return INSTANTS.has(name);
}

/** What the address asks for, and which of its fields make no sense. */
export interface ListAddress {
  readonly filters: TimerFilters;
  readonly sort: Sort | undefined;
  /** Names of fields whose value no list can have. They are not left out: that would list, and change, more than asked. */
  readonly problems: readonly string[];
}

type Search = Readonly<Record<string, string | undefined>>;

/** Reads the filters in the fields of an address. */
export function parseListAddress(search: Search): ListAddress {
  const filters: Partial<Record<FilterName, string>> = {};
  const problems: string[] = [];
  for (const name of FILTER_NAMES) {
    const text = search[name];
    if (text === undefined || text === '') continue;
    const value = checkFilter(name, text);
    if (value === undefined) problems.push(name);
    else filters[name] = value;
  }
  const sort = SORTS.find((known) => known === search['sort']);
  if (sort === undefined && search['sort'] !== undefined && search['sort'] !== '') problems.push('sort');
  return { filters, sort, problems };
}

/** A filter as the address has it, or undefined if the text cannot be one. */
function checkFilter(name: FilterName, text: string): string | undefined {
  if (name === 'status') return STATES.find((state) => state === text);
  if (name === 'callback_type') return text === 'http' || text === 'nats' ? text : undefined;
  if (name === 'metadata') return parseMetadataFilter(text);
  if (isInstantFilter(name)) return parseFilterInstant(text, 'UTC');
  return text;
}

/** The fields of an address for these filters. */
export function toListSearch(filters: TimerFilters, sort?: Sort): Record<string, string> {
  const search: Record<string, string> = {};
  for (const name of FILTER_NAMES) {
    const value = filters[name];
    if (value !== undefined) search[name] = value;
  }
  if (sort !== undefined) search['sort'] = sort;
  return search;
}

/** The filters with one changed, or removed by undefined. */
export function withFilter(filters: TimerFilters, name: FilterName, value: string | undefined): TimerFilters {
  const others = Object.entries(filters).filter(([other]) => other !== name);
  return Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
}

/**
 * The query of `GET /timers`.
 * @param now milliseconds; distances count from there
 */
export function toListQuery({ filters, sort }: Omit<ListAddress, 'problems'>, now: number): QueryFields {
  return { ...resolve(filters, now), ...SORT_QUERIES[sort ?? 'newest'] };
}

const SORT_QUERIES: Readonly<Record<Sort | 'newest', QueryFields>> = {
  newest: {},
  oldest: { order: 'asc' },
  due: { sort: 'execute_at', order: 'asc' },
  'due-last': { sort: 'execute_at', order: 'desc' },
};

/**
 * The filters as fields of a bulk request, which says by its path which states it changes.
 * @param now milliseconds; distances count from there
 */
export function toBulkFilter(filters: TimerFilters, now: number): Record<string, unknown> {
  const { metadata, ...others } = resolve(withFilter(filters, 'status', undefined), now);
  return metadata === undefined ? others : { ...others, metadata: JSON.parse(metadata) as unknown };
}

function resolve(filters: TimerFilters, now: number): Partial<Record<FilterName, string>> {
  const resolved: Partial<Record<FilterName, string>> = {};
  for (const name of FILTER_NAMES) {
    const value = filters[name];
    if (value !== undefined)
      resolved[name] = isInstantFilter(name) ? resolveFilterInstant(value, now) : value;
  }
  return resolved;
}
