import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, createReceiver } from '@timer-platform/client';
import { nodeListener } from '@timer-platform/client/node';
import type { Platform } from '../platform.ts';
import { bookingExpired } from './booking-expired.ts';
import { BookingSaga } from './booking-saga.ts';

/** Books two seats: one is paid in time, the other is not. */
export async function runSaga(platform: Platform, print: (line: string) => void): Promise<void> {
  const receiver = createReceiver({ secrets: platform.signingSecret });
  const server = createServer(nodeListener(receiver)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const saga = new BookingSaga(createClient(platform), `http://127.0.0.1:${port}/bookings`);
  try {
    const expired = new Promise<void>((resolve) => {
      receiver.on(bookingExpired, ({ booking }) => {
        saga.expire(booking);
        print(`seat ${booking}: the timeout came first, ${saga.stateOf(booking) ?? 'unknown'}`);
        resolve();
      });
    });
    await saga.reserve('12A', '15m');
    print(`seat 12A: paid in time, ${(await saga.confirm('12A')) ? 'confirmed' : 'refunded'}`);
    await saga.reserve('12B', '1s');
    await expired;
    print(`seat 12B: paid too late, ${(await saga.confirm('12B')) ? 'confirmed' : 'refunded'}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
