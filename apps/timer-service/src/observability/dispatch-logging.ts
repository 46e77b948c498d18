import type { Logger } from 'pino';
import type { DispatchObserver } from '../dispatch/observer.ts';
import type { Metrics } from './metrics.ts';

/** Returns an observer that counts every event and logs warnings and errors. Deliveries are not logged. */
export function observeDispatch(metrics: Metrics, log: Logger): DispatchObserver {
  return {
    ...metrics.observer,
    settled: (kind, timers, lost) => {
      metrics.observer.settled(kind, timers, lost);
      if (lost > 0)
        log.warn({ kind, lost }, 'timers could not be settled: this dispatcher no longer holds their claims');
    },
    finished: (timer) => {
      metrics.observer.finished(timer);
      if (timer.status === 'completed') return;
      const { id, callbackType, error, attempts } = timer;
      log.warn({ timerId: id, callbackType, error, attempts }, 'a timer has failed');
    },
    orphansReleased: (timers) => {
      metrics.observer.orphansReleased(timers);
      log.warn({ timers }, 'released own claims whose result was lost');
    },
    rescued: (timers) => {
      metrics.observer.rescued(timers);
      log.warn(timers, 'rescued timers of dispatchers whose lease expired');
    },
    leaseLost: () => {
      metrics.observer.leaseLost();
      log.warn('the lease of this dispatcher was lost; acquiring a new one');
    },
    databaseError: (error) => {
      metrics.databaseError();
      log.error({ err: error }, 'a statement of the dispatcher failed; retrying');
    },
    defect: (error, timerId) => {
      log.error({ err: error, timerId }, 'internal error of the timer service');
    },
  };
}
