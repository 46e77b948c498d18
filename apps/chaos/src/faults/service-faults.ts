import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';

/** Longer than a lease. */
const FROZEN_MS = 20_000;
const PARTITIONED_MS = 15_000;
const CRASHES = 4;

export const killService: Fault = {
  outage: 'none',
  run: async ({ fleet, random }) => {
    await fleet.pickRedundant()?.kill();
    return async () => {
      await delay(random.between(0, 3_000));
      await fleet.add();
    };
  },
};

/** Kills a service, and each of its replacements as soon as it can have claimed timers. */
export const crashLoop: Fault = {
  outage: 'none',
  run: async ({ fleet, random }) => {
    let service = fleet.pickRedundant();
    for (let crash = 0; crash < CRASHES; crash += 1) {
      await service?.kill();
      service = await fleet.add();
      await delay(random.between(0, 1_000));
    }
    return undefined;
  },
};

export const freezeService: Fault = {
  outage: 'none',
  run: async ({ fleet }) => {
    const service = fleet.pickRedundant();
    service?.freeze();
    await delay(FROZEN_MS);
    service?.thaw();
    return undefined;
  },
};

/** What was sent in either direction arrives when the partition ends, as with TCP. */
export const partitionService: Fault = {
  outage: 'none',
  run: async ({ fleet }) => {
    const service = fleet.pickRedundant();
    service?.partition();
    await delay(PARTITIONED_MS);
    service?.heal();
    return undefined;
  },
};
