import { natsSubject } from '@timer-platform/callback-types';
import { headers as messageHeaders, type MsgHdrs } from 'nats';
import { permanent, retryable } from '../outcome.ts';
import type { Delivery, Outcome, StoredCallback, Transport } from '../transport.ts';
import type { TransportLog } from '../transport-log.ts';
import { NatsConnector } from './nats-connector.ts';
import type { NatsSettings } from './nats-settings.ts';

/** JetStream streams detect duplicates by this header, and receivers can. */
const MESSAGE_ID = 'Nats-Msg-Id';

export interface NatsTransportOptions {
  readonly settings: NatsSettings;
  readonly log: TransportLog;
}

/** The headers of a message, or the permanent outcome if one is not valid. */
function deliveryHeaders({ callback, timerId }: Delivery<'nats'>): MsgHdrs | Outcome {
  const headers = messageHeaders();
  headers.set(MESSAGE_ID, timerId);
  for (const [name, value] of Object.entries(callback.headers)) {
    if (name.toLowerCase() === MESSAGE_ID.toLowerCase()) continue;
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

  /** All core messages share the connection. Streams fail separately: one without a leader must not block the others. */
  destinationOf(callback: StoredCallback<'nats'>): string {
    return callback.jetstream === true ? `nats stream ${callback.topic.split('.', 1).join()}` : 'nats';
  }

  async send(delivery: Delivery<'nats'>): Promise<Outcome> {
    const { callback, payload } = delivery;
    const subject = natsSubject(callback);
    const headers = deliveryHeaders(delivery);
    if ('kind' in headers) return headers;
    if (this.#connector.session === undefined) await this.#connector.firstDialEnded();
    const { session } = this.#connector;
    if (session === undefined) return this.#connector.disconnectedOutcome;
    return callback.jetstream === true
      ? session.publishToStream(subject, payload, headers)
      : session.publish(subject, payload, headers);
  }

  close(): Promise<void> {
    return this.#connector.close();
  }
}

/**
 * Publishes to NATS. A core message is delivered when the server has confirmed a later flush, a message with
 * `jetstream: true` when a stream has acknowledged it. Works without a server at the start and reconnects after outages.
 */
export function natsTransport(options: NatsTransportOptions): Transport<'nats'> {
  return new NatsTransport(options);
}

/** Stands in if NATS is not configured: stored timers are retried until it is. */
export function unconfiguredNatsTransport(): Transport<'nats'> {
  const outcome = retryable('NATS is not configured: set NATS_URL or NATS_HOST', { unreachable: true });
  return {
    destinationOf: () => 'nats',
    send: () => Promise.resolve(outcome),
    close: () => Promise.resolve(),
  };
}
