import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';

/** Seconds ahead of the true time, one after the other: ten minutes forward, five back, and back to the true time. */
const OFFSETS = [600, 300, 0];
/** Until the next step, in milliseconds. Dispatchers learn of a step within one. */
const PAUSE = { least: 1_500, most: 2_500 };

/** Prevents no delivery and explains no repeated one: leases and the rhythm of polls do not follow this clock. */
export const stepClock: Fault = {
  outage: undefined,
  run: async ({ clock, random }) => {
    for (const offset of OFFSETS) {
      await clock.step(offset);
      await delay(random.between(PAUSE.least, PAUSE.most));
    }
    return undefined;
  },
};
