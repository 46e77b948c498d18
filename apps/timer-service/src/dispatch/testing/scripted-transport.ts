import type { CallbackType } from '@timer-platform/callback-types';
import { delivered, REFUSED, STOPPING } from '../../transports/outcome.ts';
import type {
  Delivery,
  Destination,
  Outcome,
  StoredCallback,
  Transport,
} from '../../transports/transport.ts';

export const DELIVERED: Outcome = delivered(200);

export interface Sent {
  readonly messageId: string;
  readonly timerId: string;
  readonly payload: string | null;
  /** The endpoint of the destination. */
  readonly destination: string;
  /** By this machine's clock, which the test database shares, in milliseconds since 1970. */
  readonly atMs: number;
}

const UUID_LENGTH = 36;

/** A transport that sends nothing and returns the outcomes that the test defines. */
export class ScriptedTransport<Type extends CallbackType> implements Transport<Type> {
  readonly sent: Sent[] = [];
  readonly #destinationOf: (callback: StoredCallback<Type>) => Destination | string;
  readonly #waiting = new Set<() => void>();
  readonly #underWay = new Set<Delivery<Type>>();
  #closed = false;
  /** Returns the outcome of a delivery, or a promise of it. If it throws, so does the transport. */
  respond: (sent: Sent) => Outcome | Promise<Outcome> = () => DELIVERED;

  /** @param destinationOf returns a destination, or a name for an endpoint with one route */
  constructor(destinationOf: (callback: StoredCallback<Type>) => Destination | string) {
    this.#destinationOf = destinationOf;
  }

  destinationOf(callback: StoredCallback<Type>): Destination {
    const destination = this.#destinationOf(callback);
    return typeof destination === 'string'
      ? { name: destination, endpoint: destination, route: destination }
      : destination;
  }

  send(delivery: Delivery<Type>): void {
    if (this.#closed) {
      delivery.ended(STOPPING);
      return;
    }
    if (!delivery.mayStart()) {
      delivery.ended(REFUSED);
      return;
    }
    const { messageId, callback, payload } = delivery;
    const sent = {
      messageId,
      timerId: messageId.slice(0, UUID_LENGTH),
      payload,
      destination: this.destinationOf(callback).endpoint,
      atMs: performance.timeOrigin + performance.now(),
    };
    this.sent.push(sent);
    for (const check of this.#waiting) check();
    const response = this.respond(sent);
    this.#underWay.add(delivery);
    void Promise.resolve(response).then((outcome) => {
      if (this.#underWay.delete(delivery)) delivery.ended(outcome);
    });
  }

  /** Resolves when the deliveries so far fulfill the condition. */
  async until(isEnough: (sent: readonly Sent[]) => boolean): Promise<void> {
    if (isEnough(this.sent)) return;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (!isEnough(this.sent)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const delivery of this.#underWay) delivery.ended(STOPPING);
    this.#underWay.clear();
    return Promise.resolve();
  }
}
