import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { systemClock } from '../../clock.ts';
import { attempt } from '../testing/attempt.ts';
import { certificate, privateKey } from '../testing/self-signed-certificate.ts';
import type { Outcome, Transport } from '../transport.ts';
import { httpTransport, type HttpTransportOptions } from './http-transport.ts';

let server: Server;
let port: number;
/** Server names that clients sent (SNI). */
const serverNames: unknown[] = [];

beforeAll(async () => {
  server = createServer(
    {
      cert: certificate,
      key: privateKey,
      SNICallback: (name, done) => {
        serverNames.push(name);
        done(null);
      },
    },
    (_, response) => response.end(),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  port = address.port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function create(options: Partial<HttpTransportOptions>): Transport<'http'> {
  return httpTransport({
    clock: systemClock,
    userAgent: 'timer-platform/test',
    signingSecrets: [],
    connectTimeoutMs: 10_000,
    egressPolicy: { allowed: [], deniedPorts: new Set(), allowLoopback: true },
    resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    ...options,
  });
}

function sendBy(transport: Transport<'http'>, host: string): Promise<Outcome> {
  const callback = storedHttpCallbackSchema.parse({ type: 'http', url: `https://${host}:${port}/` });
  return attempt(transport, callback, { payload: '{}' });
}

async function send(host: string, options: Partial<HttpTransportOptions>): Promise<Outcome> {
  const transport = create(options);
  try {
    return await sendBy(transport, host);
  } finally {
    await transport.close();
  }
}

const TRUSTED = { certificateAuthorities: certificate };

test('sends the host name (SNI) and verifies the certificate for the name, not for the address', async () => {
  expect(await send('hook.example', TRUSTED)).toEqual({
    kind: 'delivered',
    statusCode: 200,
    isDuplicate: false,
  });
  expect(serverNames).toEqual(['hook.example']);
  expect(await send('other.example', TRUSTED)).toMatchObject({
    kind: 'retryable',
    reason: 'TLS certificate is for another host',
    unavailable: 'endpoint',
  });
});

test('delivers to an IP address in the certificate', async () => {
  expect(await send('127.0.0.1', TRUSTED)).toMatchObject({ kind: 'delivered' });
});

test('rejects a certificate of an unknown authority', async () => {
  expect(await send('hook.example', {})).toMatchObject({
    kind: 'retryable',
    reason: 'TLS certificate is self-signed',
    unavailable: 'endpoint',
  });
});

test('resumes the TLS session of an earlier connection', async () => {
  const isReused: boolean[] = [];
  server.on('secureConnection', (socket) => isReused.push(socket.isSessionReused()));
  const transport = create(TRUSTED);
  try {
    for (let n = 0; n < 2; n += 1) {
      await sendBy(transport, 'hook.example');
      server.closeAllConnections();
    }
  } finally {
    await transport.close();
  }
  expect(isReused).toEqual([false, true]);
});
