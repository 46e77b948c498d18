import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { responseTo } from './name-server.ts';

test('responseTo gives every name the address 127.0.0.1, and no IPv6 address', async () => {
  const socket = createSocket('udp4', (query, { port, address }) => {
    socket.send(responseTo(query), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  expect(await resolver.resolve4('receiver.test', { ttl: true })).toEqual([{ address: '127.0.0.1', ttl: 1 }]);
  await expect(resolver.resolve6('receiver.test')).rejects.toMatchObject({ code: 'ENODATA' });
  socket.close();
});
