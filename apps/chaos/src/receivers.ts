import { findFreePort, type RequestHandler, startReceiver } from '@timer-platform/test-support';
import { connect, nanos, StringCodec } from 'nats';
import { z } from 'zod';
import type { Ledger } from './ledger.ts';

const chaosPayloadSchema = z.object({ key: z.string(), version: z.number() });

export interface HttpSink {
  readonly url: string;
  /** While it hangs it takes requests and never answers them. */
  hang(on: boolean): void;
  /** Cuts every connection and refuses new ones. */
  down(): Promise<void>;
  /** Takes requests again, on the same port. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** Takes HTTP callbacks and writes each of them down. */
export async function startHttpSink(ledger: () => Ledger): Promise<HttpSink> {
  let hangs = false;
  const handle: RequestHandler = ({ body, headers, receivedAt }) => {
    const { key, version } = chaosPayloadSchema.parse(JSON.parse(body.toString('utf8')));
    const messageId = String(headers['webhook-id']);
    ledger().arrived(key, { version, messageId, arrivedMs: receivedAt, taken: !hangs });
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

/** Where the messages of NATS timers end up. */
export interface MessageSink {
  readonly topic: string;
  /** Writes down every message that has not been written down yet. */
  collect(ledger: Ledger): Promise<void>;
  stop(): Promise<void>;
}

export interface StreamSink extends MessageSink {
  /** Writes down every message that the stream has stored, and empties it. */
  collect(ledger: Ledger): Promise<void>;
  /** Messages that the stream holds. */
  stored(): Promise<number>;
}

const STREAM = 'CHAOS';
const TOPIC = 'chaos.timers';
/** Longer than any run: a message that is published again is found to be a duplicate however late it comes. */
const DUPLICATE_WINDOW_MS = 60 * 60 * 1_000;

/** A JetStream stream: it keeps what it has acknowledged through restarts of its server, and tells when it came. */
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
    collect: async (ledger) => {
      const { state } = await manager.streams.info(STREAM);
      for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq += 1) {
        const message = await manager.streams.getMessage(STREAM, { seq });
        const { key, version } = chaosPayloadSchema.parse(JSON.parse(text.decode(message.data)));
        const messageId = message.header.get('Nats-Msg-Id');
        ledger.arrived(key, { version, messageId, arrivedMs: message.time.getTime(), taken: true });
      }
      await manager.streams.purge(STREAM);
    },
    stored: async () => (await manager.streams.info(STREAM)).state.messages,
    stop: () => connection.close(),
  };
}

/** A subscriber of core NATS, which gets a message only while it is connected. */
export async function openSubscription(natsUrl: string, ledger: Ledger): Promise<MessageSink> {
  const connection = await connect({ servers: natsUrl });
  const text = StringCodec();
  connection.subscribe(TOPIC, {
    callback: (error, message) => {
      if (error !== null) throw error;
      const arrivedMs = Date.now();
      const { key, version } = chaosPayloadSchema.parse(JSON.parse(text.decode(message.data)));
      const messageId = message.headers?.get('Nats-Msg-Id') ?? '';
      ledger.arrived(key, { version, messageId, arrivedMs, taken: true });
    },
  });
  await connection.flush();
  return { topic: TOPIC, collect: () => connection.flush(), stop: () => connection.close() };
}
