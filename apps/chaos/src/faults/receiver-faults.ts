import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';

const HANGING_MS = 5_000;
const SLOW_DNS_MS = 6_000;

export const restartNats: Fault = {
  outage: 'nats',
  run: async ({ nats }) => {
    await nats.restart();
    return undefined;
  },
};

export const hangReceiver: Fault = {
  outage: 'http',
  run: async ({ http }) => {
    http.hang(true);
    await delay(HANGING_MS);
    http.hang(false);
    return undefined;
  },
};

/** Half of the name server's responses take longer than an attempt may; the others never come. */
export const slowDns: Fault = {
  outage: 'http',
  run: async ({ nameServer }) => {
    nameServer?.setBehavior('slow');
    await delay(SLOW_DNS_MS);
    nameServer?.setBehavior('normal');
    return undefined;
  },
};
