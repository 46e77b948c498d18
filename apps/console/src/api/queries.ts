import { queryOptions } from '@tanstack/react-query';
import type { QueryFields } from '../lib/query-string.ts';
import { request } from './http.ts';

/** Key of everything read below a path: `keyOf('/timers')` covers lists and single timers, `keyOf('/timers/1')` one. */
export function keyOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

/**
 * The query of `GET path`, for useQuery, useSuspenseQuery and prefetches.
 *
 * ```ts
 * const stats = useQuery(apiQuery<StatsResponse['data']>('/stats'));
 * ```
 */
export function apiQuery<Data>(path: string, query: QueryFields = {}) {
  return queryOptions({
    queryKey: [...keyOf(path), query] as readonly unknown[],
    queryFn: ({ signal }) => request<Data>('GET', path, { query, signal }),
  });
}
