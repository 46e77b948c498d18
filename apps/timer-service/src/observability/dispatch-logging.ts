import type { Logger } from 'pino';
import type { DispatchObserver } from '../dispatch/observer.ts';
import type { Metrics } from './metrics.ts';
import type { RecordedEvents } from './report/activity-recorder.ts';

/** Passes every event to two observers. */
export function observeBoth(one: DispatchObserver, other: DispatchObserver | undefined): DispatchObserver {
  if (other === undefined) return one;
  return {
    started: (lateMs) => {
      one.started(lateMs);
      other.started(lateMs);
    },
    ended: (outcome, durationMs, destination) => {
      one.ended(outcome, durationMs, destination);
      other.ended(outcome, durationMs, destination);
    },
    finished: (timer) => {
      one.finished(timer);
      other.finished(timer);
    },
    retried: (timer) => {
      one.retried(timer);
      other.retried(timer);
    },
    claimed: (timers) => {
      one.claimed(timers);
      other.claimed(timers);
    },
    settled: (kind, timers, lost) => {
      one.settled(kind, timers, lost);
      other.settled(kind, timers, lost);
    },
    deferred: (timers) => {
      one.deferred(timers);
      other.deferred(timers);
    },
    rescued: (result) => {
      one.rescued(result);
      other.rescued(result);
    },
    orphansReleased: (timers) => {
      one.orphansReleased(timers);
      other.orphansReleased(timers);
    },
    leaseLost: () => {
      one.leaseLost();
      other.leaseLost();
    },
    databaseError: (error) => {
      one.databaseError(error);
      other.databaseError(error);
    },
    defect: (error, timerId) => {
      one.defect(error, timerId);
      other.defect(error, timerId);
    },
  };
}

/** Returns an observer that counts every event and logs warnings and errors. Deliveries are not logged. */
export function observeDispatch(metrics: Metrics, recorder: RecordedEvents, log: Logger): DispatchObserver {
  return {
    ...metrics.observer,
    started: (lateMs) => {
      metrics.observer.started(lateMs);
      recorder.started(lateMs);
    },
    ended: (outcome, durationMs, destination) => {
      metrics.observer.ended(outcome, durationMs);
      recorder.ended(outcome, durationMs, destination);
    },
    retried: (timer) => {
      recorder.retried(timer);
    },
    deferred: (timers) => {
      metrics.observer.deferred(timers);
      recorder.deferred(timers);
    },
    settled: (kind, timers, lost) => {
      metrics.observer.settled(kind, timers, lost);
      if (lost > 0)
        log.warn({ kind, lost }, 'timers could not be settled: this dispatcher no longer holds their claims');
    },
    finished: (timer) => {
      metrics.observer.finished(timer);
      recorder.finished(timer);
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
