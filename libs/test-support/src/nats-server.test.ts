import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from '@jest/globals';
import { type NatsServer, startNatsServer } from './nats-server.ts';

let server: NatsServer | undefined;
afterEach(async () => {
  await server?.stop();
  await server?.stop();
});

/** The INFO message, which the server sends first on every connection. */
async function info(port: number): Promise<string> {
  const socket: Socket = connect({ host: '127.0.0.1', port });
  try {
    const [line] = (await once(createInterface(socket), 'line')) as [string];
    return line;
  } finally {
    socket.destroy();
  }
}

test('starts several servers on different ports', async () => {
  server = await startNatsServer();
  const other = await startNatsServer();
  expect(other.port).not.toBe(server.port);
  await other.stop();
  expect(await info(server.port)).toMatch(/^INFO \{.*"version":/);
  expect(await info(server.port)).not.toMatch(/"jetstream":true/);
});

test('has JetStream if enabled, and restarts on the same port after a kill', async () => {
  server = await startNatsServer({ jetstream: true });
  expect(await info(server.port)).toMatch(/"jetstream":true/);
  await server.kill();
  await expect(info(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await server.restart();
  expect(await info(server.port)).toMatch(/"jetstream":true/);
});

test('applies the configuration, and reports an invalid one', async () => {
  server = await startNatsServer({ config: 'authorization { user: timer, password: secret }' });
  expect(await info(server.port)).toMatch(/"auth_required":true/);
  await expect(startNatsServer({ config: 'authorization {' })).rejects.toThrow(
    /exited with code 1[^]*Unexpected EOF/,
  );
});
