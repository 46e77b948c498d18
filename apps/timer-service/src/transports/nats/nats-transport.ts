import { natsSubject } from '@timer-platform/callback-types';
import { headers as messageHeaders, type MsgHdrs } from 'nats';
import { permanent, retryable } from '../outcome.ts';
import type { Delivery, Outcome, StoredCallback, Transport } from '../transport.ts';
import type { TransportLog } from '../transport-log.ts';
import { NatsConnector } from './nats-connector.ts';
import type { NatsSettings } from './nats-settings.ts';

/** By which a JetStream stream finds duplicates within its window, and any receiver can. */
const MESSAGE_ID = 'Nats-Msg-Id';

export interface NatsTransportOptions {
  readonly settings: NatsSettings;
  readonly log: TransportLog;
}

function headersFor({ callback, timerId }: Delivery<'nats'>): MsgHdrs | Outcome {
  const headers = messageHeaders();
  headers.set(MESSAGE_ID, timerId);
  for (const [name, value] of Object.entries(callback.headers)) {
    if (name.toLowerCase() === 'nats-msg-id') continue;
    try {
      headers.append(name, value);
    } catch {
      return permanent(
        `header ${JSON.stringify(name.slice(0, 100))} has a name or value that NATS does not allow`,
      );
    }
  }
  return headers;
}

class NatsTransport implements Transport<'nats'> {
  readonly #connector: NatsConnector;

  constructor({ settings, log }: NatsTransportOptions) {
    this.#connector = new NatsConnector(settings, log);
  }

  /** One connection carries all core messages. Streams fail one by one: one without a leader must not hold up others. */
  destinationOf(callback: StoredCallback<'nats'>): string {
    return callback.jetstream === true ? `nats stream ${callback.topic.split('.', 1).join()}` : 'nats';
  }

  async send(delivery: Delivery<'nats'>): Promise<Outcome> {
    const { callback, payload } = delivery;
    const subject = natsSubject(callback);
    const headers = headersFor(delivery);
    if ('kind' in headers) return headers;
    if (this.#connector.session === undefined) await this.#connector.firstDialEnded();
    const { session } = this.#connector;
    if (session === undefined) return this.#connector.away;
    return callback.jetstream === true
      ? session.publishToStream(subject, payload, headers)
      : session.publish(subject, payload, headers);
  }

  close(): Promise<void> {
    return this.#connector.close();
  }
}

/**
 * Publishes to NATS. A core message counts as delivered when the server has answered a flush that came after it, one
 * with `jetstream: true` when a stream has acknowledged it. Starts, and keeps running, without a server.
 */
export function natsTransport(options: NatsTransportOptions): Transport<'nats'> {
  return new NatsTransport(options);
}

/** Stands in when no NATS is configured: stored timers wait until it is. */
export function unconfiguredNatsTransport(): Transport<'nats'> {
  const outcome = retryable('NATS is not configured: set NATS_URL or NATS_HOST', { unreachable: true });
  return {
    destinationOf: () => 'nats',
    send: () => Promise.resolve(outcome),
    close: () => Promise.resolve(),
  };
}
