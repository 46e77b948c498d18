import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { startReceiver } from '@timer-platform/test-support';
import { systemClock } from '../../clock.ts';
import { httpTransport } from '../http/http-transport.ts';
import type { ReceivingEnvironment } from './transport-environment.ts';

/** Starts an HTTP receiver and a transport that may reach it. */
export async function startHttpEnvironment(timeoutMs: number): Promise<ReceivingEnvironment<'http'>> {
  const receiver = await startReceiver();
  const transport = httpTransport({
    clock: systemClock,
    userAgent: 'timer-platform/test',
    signingSecrets: [],
    connectTimeoutMs: 10_000,
    egressPolicy: { allowed: [], deniedPorts: new Set(), allowLoopback: true },
  });
  return {
    transport,
    callback: (headers = {}) =>
      storedHttpCallbackSchema.parse({
        type: 'http',
        url: `${receiver.url}/hook`,
        headers,
        timeout_ms: timeoutMs,
      }),
    received: async (count) =>
      (await receiver.waitFor(count)).map(({ body, headers }) => ({
        messageId: headers['webhook-id']?.toString(),
        body,
        header: (name) => headers[name.toLowerCase()]?.toString(),
      })),
    unavailableWithoutResponse: 'route',
    stall: () => {
      receiver.respondWith(() => 'hang');
    },
    attemptStalled: async () => {
      await receiver.waitFor(1);
    },
    disconnect: () => receiver.stop(),
    stop: async () => {
      await transport.close();
      await receiver.stop();
    },
  };
}
