import type { DispatchObserver } from '../observer.ts';

/** An observer for tests that do not check events. */
export function ignoreEvents(): DispatchObserver {
  const ignore = (): void => undefined;
  return {
    started: ignore,
    ended: ignore,
    finished: ignore,
    claimed: ignore,
    settled: ignore,
    deferred: ignore,
    rescued: ignore,
    orphansReleased: ignore,
    leaseLost: ignore,
    databaseError: ignore,
    defect: ignore,
  };
}
