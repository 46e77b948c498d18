import { natsSubject } from '@timer-platform/callback-types';
import { natsDestinationName } from '../destination-name.ts';
import { STOPPING, withdrawn } from '../outcome.ts';
import type { Delivery, Destination, StoredCallback, Transport } from '../transport.ts';
import type { TransportLog } from '../transport-log.ts';
import { NatsConnector } from './nats-connector.ts';
import { deliveryHeaders } from './nats-headers.ts';
import type { NatsMessage, NatsSession } from './nats-session.ts';
import type { NatsSettings } from './nats-settings.ts';

export interface NatsTransportOptions {
  readonly settings: NatsSettings;
  readonly log: TransportLog;
  /** Called when {@link NatsTransport.maxPayload} changes, also the first time. */
  readonly onMaxPayload?: (() => void) | undefined;
}

export interface NatsTransport extends Transport<'nats'> {
  /**
   * The server's limit for one message, in bytes, headers included: that of the current connection or of the last one.
   * A callback whose payload alone is larger can never be delivered, so the API can refuse it.
   *
   * @returns undefined before the first connection
   */
  maxPayload(): number | undefined;
}

const MAX_ROUTE_CHARACTERS = 200;

/** All messages share the connection. Streams, and the subscribers of a topic, fail separately. */
function destination(endpoint: string, { jetstream, topic }: StoredCallback<'nats'>): Destination {
  const name = jetstream === true ? `stream ${topic.split('.', 1).join()}` : topic;
  return {
    name: natsDestinationName(topic),
    endpoint,
    route: `${endpoint} ${name.slice(0, MAX_ROUTE_CHARACTERS)}`,
  };
}

class ConnectedNatsTransport implements NatsTransport {
  readonly #endpoint: string;
  readonly #connector: NatsConnector;
  /** Attempts that wait for the first connection; undefined after it succeeded or failed. */
  #waiting: Set<Delivery<'nats'>> | undefined = new Set();
  #isClosed = false;

  constructor({ settings, log, onMaxPayload = () => undefined }: NatsTransportOptions) {
    this.#endpoint = `nats://${settings.servers.join(',')}`;
    this.#connector = new NatsConnector(settings, log, onMaxPayload);
    void this.#connector.firstDialEnded().then(() => {
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const delivery of waiting) this.send(delivery);
    });
  }

  destinationOf(callback: StoredCallback<'nats'>): Destination {
    return destination(this.#endpoint, callback);
  }

  send(delivery: Delivery<'nats'>): void {
    if (this.#isClosed) {
      delivery.ended(STOPPING);
      return;
    }
    const { session } = this.#connector;
    if (session !== undefined) publish(session, delivery);
    else if (this.#waiting !== undefined) this.#waiting.add(delivery);
    else delivery.ended(this.#connector.disconnectedOutcome);
  }

  maxPayload(): number | undefined {
    return this.#connector.maxPayload;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const delivery of waiting) delivery.ended(STOPPING);
    await this.#connector.close();
  }
}

function publish(session: NatsSession, delivery: Delivery<'nats'>): void {
  const headers = deliveryHeaders(delivery);
  if ('kind' in headers) {
    delivery.ended(headers);
    return;
  }
  const message: NatsMessage = { subject: natsSubject(delivery.callback), headers, delivery };
  if (delivery.callback.jetstream === true) session.publishToStream(message);
  else session.publish(message);
}

/**
 * Publishes to NATS. A core message is delivered when the server has confirmed a later flush, a message with
 * `jetstream: true` when a stream has acknowledged it. Works without a server at the start and reconnects after outages.
 */
export function natsTransport(options: NatsTransportOptions): NatsTransport {
  return new ConnectedNatsTransport(options);
}

/** Stands in if NATS is not configured: stored timers are released until a process with NATS delivers them. */
export function unconfiguredNatsTransport(): NatsTransport {
  let outcome = withdrawn('undeliverable', 'NATS is not configured: set NATS_URL or NATS_HOST');
  return {
    destinationOf: (callback) => destination('nats', callback),
    send: (delivery) => {
      delivery.ended(outcome);
    },
    maxPayload: () => undefined,
    close: () => {
      outcome = STOPPING;
      return Promise.resolve();
    },
  };
}
