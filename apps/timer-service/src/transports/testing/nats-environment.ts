import { storedNatsCallbackSchema } from '@timer-platform/callback-types';
import { startNatsServer } from '@timer-platform/test-support';
import { connect, type Msg } from 'nats';
import { natsSettingsSchema } from '../nats/nats-settings.ts';
import { natsTransport, unconfiguredNatsTransport } from '../nats/nats-transport.ts';
import { startTcpRelay } from './tcp-relay.ts';
import type { ReceivingEnvironment, TransportEnvironment } from './transport-environment.ts';

const SUBJECT = 'conformance.timers';

interface NatsEnvironmentOptions {
  readonly jetstream: boolean;
  readonly timeoutMs: number;
}

/**
 * Starts a nats-server, with a stream if `jetstream` is true, and a connected transport. The receiver is a core
 * subscription: unlike a stream it also records duplicates.
 */
export async function startNatsEnvironment({
  jetstream,
  timeoutMs,
}: NatsEnvironmentOptions): Promise<ReceivingEnvironment<'nats'>> {
  const server = await startNatsServer({ jetstream });
  const relay = await startTcpRelay(server.port);
  const receiver = await connect({ servers: server.url });
  const messages: Msg[] = [];
  const checks = new Set<() => void>();
  receiver.subscribe(SUBJECT, {
    callback: (_, message) => {
      messages.push(message);
      for (const check of checks) check();
    },
  });
  await receiver.flush();
  if (jetstream) {
    const { streams } = await receiver.jetstreamManager();
    await streams.add({ name: 'conformance', subjects: [SUBJECT] });
  }

  const settings = natsSettingsSchema.parse({
    NATS_URL: `nats://127.0.0.1:${relay.port}`,
    NATS_TIMEOUT_MS: String(timeoutMs),
  });
  if (settings === undefined) throw new Error('NATS is not configured');
  let onConnected: () => void;
  const connected = new Promise<void>((resolve) => {
    onConnected = resolve;
  });
  const transport = natsTransport({
    settings,
    log: {
      info: () => {
        onConnected();
      },
      warn: () => undefined,
    },
  });
  await connected;

  return {
    transport,
    callback: (headers = {}) =>
      storedNatsCallbackSchema.parse({ type: 'nats', topic: SUBJECT, headers, jetstream }),
    received: async (count) => {
      await new Promise<void>((resolve) => {
        const check = () => {
          if (messages.length >= count) resolve();
        };
        checks.add(check);
        check();
      });
      return messages.map(({ data, headers }) => ({
        messageId: headers?.get('Nats-Msg-Id'),
        body: data,
        header: (name) => (headers?.has(name) === true ? headers.get(name) : undefined),
      }));
    },
    unavailableWithoutResponse: jetstream ? 'route' : 'endpoint',
    stall: () => {
      relay.stall();
    },
    attemptStalled: () => relay.dataDropped(),
    disconnect: () => server.kill(),
    stop: async () => {
      await transport.close();
      await receiver.close();
      await relay.close();
      await server.stop();
    },
  };
}

/** The transport that stands in if NATS is not configured. */
export function unconfiguredNatsEnvironment(): TransportEnvironment<'nats'> {
  return {
    transport: unconfiguredNatsTransport(),
    callback: (headers = {}) => storedNatsCallbackSchema.parse({ type: 'nats', topic: SUBJECT, headers }),
    disconnect: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}
