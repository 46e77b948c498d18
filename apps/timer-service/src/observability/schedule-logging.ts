import type { Logger } from 'pino';
import type { ScheduleObserver } from '../materialize/schedule-observer.ts';
import type { Metrics } from './metrics.ts';

/** Returns an observer that counts every event and logs what an operator must know. Occurrences are not logged. */
export function observeSchedules(metrics: Metrics, log: Logger): ScheduleObserver {
  return {
    ...metrics.schedules,
    paused: (scheduleId, reason, note) => {
      metrics.schedules.paused(scheduleId, reason, note);
      log.warn({ scheduleId, reason, note }, 'paused a schedule; resume it when the cause is removed');
    },
    postponed: (schedules, problem) => {
      log.error(
        { schedules, problem },
        'the headers of schedules cannot be decrypted; looking again in 5 seconds',
      );
    },
    replanned: (schedules) => {
      log.info({ schedules }, 'planning schedules anew with newer time zone data');
    },
    databaseError: (error) => {
      metrics.databaseError();
      log.error({ err: error }, 'a statement of the materializer failed; retrying');
    },
  };
}
