import { NATS_HEADERS, WEBHOOK_HEADERS } from '@timer-platform/callback-types';
import { findFreePort, type RequestHandler, startReceiver } from '@timer-platform/test-support';
import { connect, nanos, StringCodec } from 'nats';
import { z } from 'zod';
import type { DeliveryLog } from './delivery-log.ts';

const chaosPayloadSchema = z.object({ key: z.string(), version: z.number() });

export interface HttpSink {
  readonly url: string;
  /** Switches hanging on or off: while it hangs, it accepts requests and never responds. */
  hang(on: boolean): void;
  /** Closes every connection and refuses new ones. */
  down(): Promise<void>;
  /** Accepts requests again, on the same port. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server that accepts HTTP callbacks and records them in the current log. */
export async function startHttpSink(currentLog: () => DeliveryLog): Promise<HttpSink> {
  let hangs = false;
  const handle: RequestHandler = ({ body, headers, receivedAt }) => {
    const { key, version } = chaosPayloadSchema.parse(JSON.parse(body.toString('utf8')));
    currentLog().recordArrival(key, {
      version,
      messageId: String(headers[WEBHOOK_HEADERS.id]),
      attempt: Number(headers[WEBHOOK_HEADERS.attempt]),
      startedSeconds: Number(headers[WEBHOOK_HEADERS.timestamp]),
      arrivedMs: receivedAt,
      acknowledged: !hangs,
    });
    return hangs ? 'hang' : 200;
  };
  const port = await findFreePort();
  let receiver = await startReceiver(handle, port);
  return {
    url: receiver.url,
    hang: (on) => {
      hangs = on;
    },
    down: () => receiver.stop(),
    up: async () => {
      receiver = await startReceiver(handle, port);
    },
    stop: () => receiver.stop(),
  };
}

/** Receives the messages of NATS timers. */
export interface MessageSink {
  readonly topic: string;
  /** Records every message that is not recorded yet. */
  collect(deliveryLog: DeliveryLog): Promise<void>;
  stop(): Promise<void>;
}

export interface StreamSink extends MessageSink {
  /** Records every message in the stream and removes it. */
  collect(deliveryLog: DeliveryLog): Promise<void>;
  /** Counts the messages in the stream. */
  stored(): Promise<number>;
}

const STREAM = 'CHAOS';
const TOPIC = 'chaos.timers';
/** Longer than any run, so that the stream drops every duplicate message. */
const DUPLICATE_WINDOW_MS = 60 * 60 * 1_000;

/** Creates a JetStream stream: it keeps acknowledged messages across restarts of the server, with their time. */
export async function openStreamSink(natsUrl: string): Promise<StreamSink> {
  const connection = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const manager = await connection.jetstreamManager();
  await manager.streams.add({
    name: STREAM,
    subjects: [TOPIC],
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  });
  const text = StringCodec();
  return {
    topic: TOPIC,
    collect: async (deliveryLog) => {
      const { state } = await manager.streams.info(STREAM);
      for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq += 1) {
        const message = await manager.streams.getMessage(STREAM, { seq });
        const { key, version } = chaosPayloadSchema.parse(JSON.parse(text.decode(message.data)));
        deliveryLog.recordArrival(key, {
          version,
          messageId: message.header.get(NATS_HEADERS.id),
          attempt: Number(message.header.get(NATS_HEADERS.attempt)),
          arrivedMs: message.time.getTime(),
          acknowledged: true,
        });
      }
      await manager.streams.purge(STREAM);
    },
    stored: async () => (await manager.streams.info(STREAM)).state.messages,
    stop: () => connection.close(),
  };
}

/** Opens a core NATS subscription, which receives messages only while it is connected. */
export async function openSubscription(natsUrl: string, deliveryLog: DeliveryLog): Promise<MessageSink> {
  const connection = await connect({ servers: natsUrl });
  const text = StringCodec();
  connection.subscribe(TOPIC, {
    callback: (error, message) => {
      if (error !== null) throw error;
      const arrivedMs = Date.now();
      const { key, version } = chaosPayloadSchema.parse(JSON.parse(text.decode(message.data)));
      deliveryLog.recordArrival(key, {
        version,
        messageId: message.headers?.get(NATS_HEADERS.id) ?? '',
        attempt: Number(message.headers?.get(NATS_HEADERS.attempt)),
        arrivedMs,
        acknowledged: true,
      });
    },
  });
  await connection.flush();
  return { topic: TOPIC, collect: () => connection.flush(), stop: () => connection.close() };
}
