import type { DispatchObserver } from '../observer.ts';

const ignore = (): void => undefined;

/** An observer for tests that do not check events. */
export const IGNORE_EVENTS: DispatchObserver = {
  started: ignore,
  ended: ignore,
  finished: ignore,
  retried: ignore,
  claimed: ignore,
  settled: ignore,
  deferred: ignore,
  rescued: ignore,
  orphansReleased: ignore,
  leaseLost: ignore,
  databaseError: ignore,
  defect: ignore,
};
