import type { Logger } from 'pino';
import type { DispatchObserver } from '../dispatch/observer.ts';
import type { Metrics } from './metrics.ts';

/** The dispatcher's observer: counts everything, and logs what a person should know of; nothing for a delivery. */
export function observeDispatch(metrics: Metrics, log: Logger): DispatchObserver {
  return {
    ...metrics.observer,
    settled: (kind, timers, lost) => {
      metrics.observer.settled(kind, timers, lost);
      if (lost > 0)
        log.warn({ kind, lost }, 'timers were no longer held by this dispatcher when they were settled');
    },
    rescued: (recovered) => {
      metrics.observer.rescued(recovered);
      log.warn(recovered, 'took back the timers of dispatchers that are gone');
    },
    leaseLost: () => {
      metrics.observer.leaseLost();
      log.warn('this dispatcher was silent for too long and was taken for dead; it registers anew');
    },
    databaseError: (error) => {
      metrics.databaseError();
      log.error({ err: error }, 'a statement of the dispatcher failed; it is tried again');
    },
    defect: (error, timerId) => {
      log.error({ err: error, timerId }, 'a delivery threw; it is taken as failed and repeated');
    },
  };
}
