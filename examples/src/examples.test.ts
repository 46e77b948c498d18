import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** What each program prints. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'order-service': [
    'order 1: paid, its reminder is canceled',
    'order 2: refused by the database, and with it its reminder',
    'order 3: not paid, reminded',
    '2 timers: the refused order left none',
  ],
  'saga-timeout': [
    'seat 12A: paid in time, confirmed',
    'seat 12B: the timeout came first, released',
    'seat 12B: paid too late, refunded',
  ],
  'verifying-receiver': [
    'invoice 1: reminded, but the connection breaks before the response',
    'invoice 1: completed with attempt 2, reminders: 1',
    'invoice 2: failed with attempt 1: HTTP 410 Gone',
    'a request without a signature: 401',
  ],
  'nats-consumer': [
    'the first try failed and is repeated',
    'shipment S-1: handled at try 2',
    'messages in the stream: 2',
  ],
};

test.each(Object.entries(EXAMPLES))('npx nx run examples:%s', async (name, lines) => {
  const main = fileURLToPath(new URL(`${name}/main.ts`, import.meta.url));
  const args = ['--conditions=@timer-platform/source', '--import', 'tsx', main];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  expect(stdout.trim().split('\n')).toEqual(lines);
});
