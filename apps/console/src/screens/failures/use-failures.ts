import { useInfiniteQuery } from '@tanstack/react-query';
import type { TimerListResponse, TimerSummary } from '@timer-platform/callback-types';
import { request } from '../../api/http.ts';
import { keyOf } from '../../api/queries.ts';

/** The largest page of the API. */
const PAGE = 200;
/** Pages that are read at once, one after the other. */
const PAGES = 5;
/** Blocks of pages at most: groups of more would take a browser too long. */
const MAX_BLOCKS = 10;

interface Block {
  readonly timers: readonly TimerSummary[];
  readonly total: number | null;
  readonly totalEstimated: boolean;
  readonly cursor: string | null;
}

/** Reads the failed timers that were due last, a thousand at a time. */
export function useFailures(destination: string | undefined) {
  const query = useInfiniteQuery({
    queryKey: [...keyOf('/timers'), 'failures', destination ?? ''],
    queryFn: ({ pageParam, signal }) => readBlock(destination, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }, blocks) => (blocks.length < MAX_BLOCKS ? cursor : null),
    staleTime: 15_000,
    refetchOnWindowFocus: false,
  });
  const blocks = query.data?.pages ?? [];
  const [first] = blocks;
  return {
    query,
    timers: blocks.flatMap(({ timers }) => timers),
    total: first?.total ?? null,
    totalEstimated: first?.totalEstimated ?? false,
    /** Whether every failed timer was read. */
    isWhole: blocks.at(-1)?.cursor === null,
  };
}

async function readBlock(
  destination: string | undefined,
  start: string | null,
  signal: AbortSignal,
): Promise<Block> {
  let block: Block = { timers: [], total: null, totalEstimated: false, cursor: start };
  for (let page = 0; page < PAGES; page += 1) {
    const data = await request<TimerListResponse['data']>('GET', '/timers', {
      query: { status: 'failed', destination, sort: 'execute_at', limit: PAGE, cursor: block.cursor },
      signal,
    });
    block = {
      timers: [...block.timers, ...data.timers],
      total: page === 0 ? data.total : block.total,
      totalEstimated: page === 0 ? data.total_estimated : block.totalEstimated,
      cursor: data.next_cursor,
    };
    if (block.cursor === null) break;
  }
  return block;
}
