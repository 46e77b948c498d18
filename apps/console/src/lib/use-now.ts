import { useSyncExternalStore } from 'react';
import { now } from './clock.ts';

const SECOND = 1_000;
const listeners = new Set<() => void>();
let timer: number | undefined;
let current = now();

function tick(): void {
  current = now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(tick, SECOND);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** The present time in milliseconds; renders again every second. One interval for all. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => current);
}
