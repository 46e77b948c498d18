import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { EventStream } from './event-stream.ts';
import type { LiveEvent } from './live-events.ts';

const clients: Socket[] = [];
const server = createServer();
afterEach(async () => {
  for (const client of clients) client.destroy();
  server.close();
  await once(server, 'close');
});

test('a client that does not read is dropped, and little is kept for it', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(client);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  const stream = new EventStream(response, {});
  const event = { name: 'timers', data: { timers: [], padding: 'x'.repeat(50_000) } } as unknown as LiveEvent;
  // The kernel takes some megabytes first.
  for (let sent = 0; sent < 2_000 && !response.destroyed; sent += 1) {
    stream.send(event);
    expect(response.writableLength).toBeLessThan(400_000);
    await new Promise(setImmediate);
  }
  expect(response.destroyed).toBe(true);
  stream.send(event);
  stream.end();
});
