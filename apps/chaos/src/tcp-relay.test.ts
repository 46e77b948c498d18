import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startTcpRelay } from './tcp-relay.ts';

test('a stalled relay delivers in both directions when it resumes, also on connections that came meanwhile', async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const relay = await startTcpRelay((echo.address() as AddressInfo).port);
  const received: string[] = [];
  const open = () =>
    connect(relay.port, '127.0.0.1').on('data', (chunk) => received.push(chunk.toString('utf8')));
  const first = open();
  first.write('a');
  await once(first, 'data');

  relay.stall();
  first.write('b');
  const second = open();
  second.write('c');
  await delay(100);
  expect(received).toEqual(['a']);

  relay.resume();
  await Promise.all([once(first, 'data'), once(second, 'data')]);
  expect(received.toSorted()).toEqual(['a', 'b', 'c']);
  first.destroy();
  second.destroy();
  await relay.stop();
  await relay.stop();
  echo.close();
});
