import type { Clock } from '../clock.ts';
import type { Timeline } from '../timeline.ts';
import { DatabaseClock } from './database-clock.ts';

/** The {@link Timeline} of a process and a database that both run on real time. */
export function processTimeline(clock: Clock): Timeline {
  return {
    clock,
    databaseClock: new DatabaseClock(),
    after: (ms, call) => {
      const timeout = setTimeout(call, Math.ceil(ms));
      return () => {
        clearTimeout(timeout);
      };
    },
  };
}
