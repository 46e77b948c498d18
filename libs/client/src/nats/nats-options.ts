import type { DedupStore } from '../receivers/dedup-store.ts';
import type { OnError } from '../receivers/report-error.ts';

/** What {@link subscribe} and {@link consume} have in common. */
export interface NatsHandlerOptions<Transaction = undefined> {
  /** Remembers what was handled; by default in the memory of this process. */
  readonly dedup?: DedupStore<Transaction> | undefined;
  /** Callbacks handled at the same time; 10 by default. 1 keeps their order. */
  readonly concurrency?: number | undefined;
  /** Gets each error; by default those of handlers and payloads go to `console.error`. */
  readonly onError?: OnError | undefined;
}

/** How to subscribe. */
export interface SubscribeOptions<Transaction = undefined> extends NatsHandlerOptions<Transaction> {
  /** By default that of the definition. Required if its destination is computed or its callbacks have keys: `orders.>` */
  readonly subject?: string | undefined;
  /** Of the subscribers with the same queue, one gets each callback. By default each gets all. */
  readonly queue?: string | undefined;
}

/** How to consume a stream. */
export interface ConsumeOptions<Transaction = undefined> extends NatsHandlerOptions<Transaction> {
  /**
   * Milliseconds until a callback that failed is delivered again; by default 1 s, doubled with each delivery up to 5
   * minutes. How often is decided by `max_deliver` of the consumer, which is unlimited by default.
   */
  readonly redeliveryDelayMs?: ((deliveryCount: number) => number) | undefined;
  /** How often the server is told that a handler is still working; must be less than `ack_wait`. 10,000 by default. */
  readonly progressIntervalMs?: number | undefined;
}

/** A running subscription. */
export interface CallbackSubscription {
  /** Takes no more callbacks and waits until the handlers under way have ended. */
  stop(): Promise<void>;
  /** Resolves when the subscription has ended, also with the connection; rejects if it ended with an error. */
  readonly closed: Promise<void>;
}
