import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ListSearch, TimerListResponse, TimerSummary } from '@timer-platform/callback-types';
import { useEffect, useRef, useState } from 'react';
import { request } from '../../api/http.ts';
import { useRefetchInterval } from '../../api/live.ts';
import { keyOf } from '../../api/queries.ts';
import { now } from '../../lib/clock.ts';
import { type ListAddress, toListQuery, toListSearch } from '../../timers/timer-filters.ts';

const PAGE = 50;
/** Rows that are shown at most: more would be slow to draw, and nobody reads them. */
export const MAX_ROWS = 1_000;
/** Pages without a row that one click goes through before it waits for another. */
const MAX_EMPTY_PAGES = 200;

interface ListPage {
  readonly timers: readonly TimerSummary[];
  readonly total: number | null;
  readonly totalEstimated: boolean;
  readonly cursor: string | null;
  readonly search: ListSearch | null;
  /** When it was read, in milliseconds: distances from now count from there, on all pages. */
  readonly at: number;
}

async function readPage(
  address: ListAddress,
  at: number,
  cursor: string | null,
  signal: AbortSignal,
): Promise<ListPage> {
  const data = await request<TimerListResponse['data']>('GET', '/timers', {
    query: { ...toListQuery(address, at), limit: PAGE, cursor },
    signal,
  });
  return {
    timers: data.timers,
    total: data.total,
    totalEstimated: data.total_estimated,
    cursor: data.next_cursor,
    search: data.search,
    at,
  };
}

/** Pages after the first. They hold while the first is the one that they follow. */
interface Further {
  readonly after: ListPage | undefined;
  readonly timers: readonly TimerSummary[];
  readonly last: ListPage | undefined;
  readonly scanned: number;
  readonly loading: boolean;
  readonly error: Error | null;
}

const NONE: Further = {
  after: undefined,
  timers: [],
  last: undefined,
  scanned: 0,
  loading: false,
  error: null,
};

/** The list of an address: the first page, read again while it is alone, and further ones when they are asked for. */
export function useTimerList(address: ListAddress) {
  const search = toListSearch(address.filters, address.sort);
  const [further, setFurther] = useState<Further>(NONE);
  const stop = useRef<AbortController | null>(null);
  const interval = useRefetchInterval({ live: 10_000, polling: 5_000 });
  const isAlone = further.after === undefined;
  const first = useQuery({
    queryKey: [...keyOf('/timers'), 'list', search],
    queryFn: ({ signal }) => readPage(address, now(), null, signal),
    enabled: address.problems.length === 0,
    placeholderData: keepPreviousData,
    // A page that was read again would leave a gap before the next one.
    refetchInterval: isAlone ? interval : false,
    refetchOnWindowFocus: isAlone,
    structuralSharing: false,
  });
  const holds = further.after !== undefined && further.after === first.data;
  const { timers, last, scanned, loading, error } = holds ? further : NONE;
  const lastPage = last ?? first.data;

  useEffect(
    () => () => {
      stop.current?.abort();
    },
    [],
  );

  /** Reads further pages until one has a row: a search may go through many without. */
  const loadMore = async () => {
    const { data } = first;
    if (data === undefined || lastPage === undefined || loading) return;
    stop.current?.abort();
    const controller = new AbortController();
    stop.current = controller;
    let state: Further = { after: data, timers, last: lastPage, scanned, loading: true, error: null };
    setFurther(state);
    try {
      for (let empty = 0; empty < MAX_EMPTY_PAGES; empty += 1) {
        const cursor: string | null = state.last?.cursor ?? null;
        if (cursor === null) break;
        const page = await readPage(address, data.at, cursor, controller.signal);
        state = {
          ...state,
          timers: [...state.timers, ...page.timers],
          last: page,
          scanned: state.scanned + (page.search?.scanned ?? 0),
        };
        setFurther(state);
        if (page.timers.length > 0) break;
      }
      setFurther({ ...state, loading: false });
    } catch (problem) {
      setFurther({
        ...state,
        loading: false,
        error: controller.signal.aborted ? null : (problem as Error),
      });
    }
  };

  return {
    first,
    timers: [...(first.data?.timers ?? []), ...timers],
    /** Null while nothing was read, or when the service does not count such lists. */
    total: first.data?.total ?? null,
    totalEstimated: first.data?.totalEstimated ?? false,
    hasMore: lastPage !== undefined && lastPage.cursor !== null,
    search: lastPage?.search ?? null,
    scanned: scanned + (first.data?.search?.scanned ?? 0),
    loadingMore: loading,
    moreError: error,
    loadMore,
    stopLoading: () => {
      stop.current?.abort();
    },
  };
}

export type TimerList = ReturnType<typeof useTimerList>;
