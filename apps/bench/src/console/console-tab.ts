import { setTimeout as delay } from 'node:timers/promises';
import { BENCH_API_KEY } from '../contenders/timer-service.ts';

/** What an open page of the console asks for again and again while it gets live events. */
const QUERIES = [
  '/stats',
  '/forecast?until=1h',
  '/forecast?until=1d',
  '/destinations',
  '/dispatchers',
  '/timers?limit=50',
  '/timers?limit=50&status=failed',
];
/** The console's own interval: live.ts of the console. */
const REFETCH_MS = 15_000;

export interface ConsoleTab {
  /** How many live events and responses have arrived. */
  readonly events: () => number;
  readonly responses: () => number;
  /** Resolves when every query has been answered once. @throws Error when one of them failed */
  readonly loaded: Promise<void>;
  close(): Promise<void>;
}

/**
 * Requests what one tab of the console does: live events without a break, and all queries of its busiest pages at once,
 * every 15 s from `firstMs` on. The drawing, which is the browser's, is left out.
 */
export function openConsoleTab(url: string, firstMs: number): ConsoleTab {
  const closing = new AbortController();
  const headers = { 'x-api-key': BENCH_API_KEY };
  const options = { headers, signal: closing.signal };
  let events = 0;
  let responses = 0;

  async function follow(): Promise<void> {
    const { body, status } = await fetch(`${url}/events`, options);
    if (status !== 200 || body === null) throw new Error(`GET /events returned ${status}`);
    for await (const chunk of body.pipeThrough(new TextDecoderStream()))
      events += chunk.split('\nevent: ').length;
  }

  async function query(): Promise<void> {
    await Promise.all(
      QUERIES.map(async (path) => {
        const response = await fetch(`${url}${path}`, options);
        if (!response.ok) throw new Error(`GET ${path} returned ${response.status}`);
        await response.arrayBuffer();
        responses += 1;
      }),
    );
  }

  const loaded = delay(firstMs, undefined, { signal: closing.signal }).then(query);

  async function refetch(): Promise<void> {
    await loaded;
    for (;;) {
      await delay(REFETCH_MS, undefined, { signal: closing.signal });
      await query();
    }
  }

  const ended = Promise.allSettled([follow(), refetch()]);
  return {
    events: () => events,
    responses: () => responses,
    loaded,
    async close() {
      closing.abort();
      for (const result of await ended) {
        if (result.status === 'rejected' && !isAbort(result.reason)) throw result.reason;
      }
    },
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
