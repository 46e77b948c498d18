// What is used of `nats` 2 and of `@nats-io/nats-core`, `@nats-io/jetstream` 3, whose objects all fit.

/** A received message. */
export interface NatsMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: Iterable<readonly [string, string[]]> | undefined;
}

/** A subscription of core NATS. */
export interface NatsSubscription extends AsyncIterable<NatsMessage> {
  drain(): Promise<void>;
}

/** A connection to NATS. */
export interface NatsConnection {
  subscribe(subject: string, options?: { queue?: string }): NatsSubscription;
}

/** A message of a stream, which is delivered again unless it is acknowledged. */
export interface StreamMessage extends NatsMessage {
  /** How often it was delivered, this time included. */
  readonly info: { readonly deliveryCount: number };
  ack(): void;
  nak(delayMs?: number): void;
  term(reason?: string): void;
  working(): void;
}

/** Messages that a consumer of a stream gets. */
export interface StreamMessages extends AsyncIterable<StreamMessage> {
  close(): Promise<unknown>;
}

/** A consumer of a stream. */
export interface StreamConsumer {
  consume(options?: { max_messages?: number }): Promise<StreamMessages>;
}
