import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';
import { apiBase } from './addresses.ts';

/** Events of `GET /events`. */
export type LiveEvent = 'stats' | 'timers' | 'destinations';
const LIVE_EVENTS: readonly LiveEvent[] = ['stats', 'timers', 'destinations'];

/** `live`: events arrive. `polling`: they do not, so queries are repeated. `paused`: the page is not seen. */
export type LiveState = 'live' | 'polling' | 'paused';

type Listener = (data: unknown) => void;

const listeners = new Map<LiveEvent, Set<Listener>>();
const stateListeners = new Set<() => void>();
const REOPEN_MS = 15_000;
let source: EventSource | null = null;
let reopening: number | undefined;
let users = 0;
let state: LiveState = 'polling';

function setState(next: LiveState): void {
  if (next === state) return;
  state = next;
  for (const listener of stateListeners) listener();
}

function open(): void {
  window.clearTimeout(reopening);
  if (source !== null || users === 0) return;
  // A browser opens six connections to an origin: pages that are not seen leave theirs to others.
  if (document.visibilityState === 'hidden') {
    setState('paused');
    return;
  }
  setState('polling');
  const opened = new EventSource(`${apiBase()}/events`);
  source = opened;
  opened.addEventListener('open', () => {
    setState('live');
  });
  opened.addEventListener('error', () => {
    setState('polling');
    // While CONNECTING the browser tries again by itself; a response that is no event stream ends it.
    if (opened.readyState !== EventSource.CLOSED) return;
    close();
    reopening = window.setTimeout(open, REOPEN_MS);
  });
  for (const name of LIVE_EVENTS)
    opened.addEventListener(name, ({ data }: MessageEvent<string>) => {
      publish(name, data);
    });
}

function close(): void {
  window.clearTimeout(reopening);
  source?.close();
  source = null;
}

function publish(name: LiveEvent, text: string): void {
  setState('live');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return;
  }
  for (const listener of listeners.get(name) ?? []) listener(data);
}

function onVisibilityChange(): void {
  if (document.visibilityState === 'visible') {
    open();
    return;
  }
  close();
  setState('paused');
}

function subscribe(name: LiveEvent, listener: Listener): () => void {
  const ofEvent = listeners.get(name) ?? new Set();
  listeners.set(name, ofEvent.add(listener));
  return () => ofEvent.delete(listener);
}

/** Keeps the connection while the page is mounted. The layout calls it; screens call {@link useLiveEvent}. */
export function useLiveConnection(): void {
  useEffect(() => {
    users += 1;
    open();
    document.addEventListener('visibilitychange', onVisibilityChange);
    return () => {
      users -= 1;
      document.removeEventListener('visibilitychange', onVisibilityChange);
      close();
    };
  }, []);
}

/** Calls the handler for every event of a name while the component is mounted. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names the type of the event
export function useLiveEvent<Data>(name: LiveEvent, handler: (data: Data) => void): void {
  const onEvent = useEffectEvent((data: unknown) => {
    handler(data as Data);
  });
  useEffect(
    () =>
      subscribe(name, (data) => {
        onEvent(data);
      }),
    [name],
  );
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
}

/**
 * How often a query is repeated: rarely while events tell of changes, otherwise often. For `refetchInterval`.
 * @returns milliseconds
 */
export function useRefetchInterval({ live = 15_000, polling = 3_000 } = {}): number {
  return useLiveState() === 'live' ? live : polling;
}
