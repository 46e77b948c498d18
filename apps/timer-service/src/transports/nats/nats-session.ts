import { Empty, Events, type JetStreamClient, type MsgHdrs, type NatsConnection } from 'nats';
import { delivered, formatDuration } from '../outcome.ts';
import type { Outcome } from '../transport.ts';
import { CONNECTION_LOST, outcomeOfNatsError, permissionDenied, unconfirmed } from './nats-outcome.ts';

const DELIVERED = delivered(null);

/** A message that the server has not confirmed yet. */
interface Unconfirmed {
  readonly subject: string;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * Publishes over one connection to NATS, from its first to its last byte. The client's own reconnecting is switched
 * off: it keeps what is published while the connection is away and sends it later, after the attempt was reported as
 * failed. Here everything unconfirmed fails with the connection, and a new connection starts empty.
 */
export class NatsSession {
  readonly #connection: NatsConnection;
  readonly #jetstream: JetStreamClient;
  readonly #timeoutMs: number;
  /** Published, and not covered by the flush under way. */
  #published: Unconfirmed[] = [];
  /** Published before the flush under way. */
  #flushing: Unconfirmed[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  readonly #awaitingAck = new Set<Unconfirmed>();
  /** Subjects that the server refused lately: during this flush, and during the one before. */
  #refused = new Set<string>();
  #refusedBefore = new Set<string>();
  #isOpen = true;

  /** @param timeoutMs how long the server may take to confirm a message */
  constructor(connection: NatsConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#jetstream = connection.jetstream({ timeout: timeoutMs });
    void this.#watchForRefusals();
    void connection.closed().then(() => {
      this.#end();
    });
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#connection.isClosed();
  }

  /** Resolves when the connection is gone, with the error that ended it if there was one. */
  closed(): Promise<unknown> {
    return this.#connection.closed();
  }

  /**
   * Publishes and waits until the server has answered a flush that came after. One flush serves all that was published
   * while the last one was under way.
   */
  publish(subject: string, payload: string | null, headers: MsgHdrs): Promise<Outcome> {
    if (!this.isOpen) return Promise.resolve(CONNECTION_LOST);
    try {
      this.#connection.publish(subject, payload ?? Empty, { headers });
    } catch (error) {
      return Promise.resolve(
        outcomeOfNatsError(error, { subject, timeout: formatDuration(this.#timeoutMs) }),
      );
    }
    return new Promise((settle) => {
      this.#published.push({ subject, settle });
      if (this.#flushTimer === undefined) this.#flush();
    });
  }

  /** Publishes and waits until a stream has acknowledged the message. */
  publishToStream(subject: string, payload: string | null, headers: MsgHdrs): Promise<Outcome> {
    if (!this.isOpen) return Promise.resolve(CONNECTION_LOST);
    return new Promise((resolve) => {
      const message: Unconfirmed = {
        subject,
        settle: (outcome) => {
          if (this.#awaitingAck.delete(message)) resolve(outcome);
        },
      };
      this.#awaitingAck.add(message);
      this.#jetstream.publish(subject, payload ?? Empty, { headers }).then(
        () => {
          message.settle(DELIVERED);
        },
        (error: unknown) => {
          const outcome = outcomeOfNatsError(error, { subject, timeout: formatDuration(this.#timeoutMs) });
          message.settle(this.isOpen ? outcome : CONNECTION_LOST);
          // The stream is silent: is it the stream, or the connection?
          if (outcome.kind === 'retryable' && outcome.unreachable && this.#flushTimer === undefined)
            this.#flush();
        },
      );
    });
  }

  /** Cuts the connection; what is unconfirmed fails. Idempotent. */
  async close(outcome = CONNECTION_LOST): Promise<void> {
    this.#end(outcome);
    await this.#connection.close();
  }

  #flush(): void {
    if (!this.isOpen) {
      this.#end();
      return;
    }
    this.#flushing = this.#published;
    this.#published = [];
    this.#flushTimer = setTimeout(() => {
      // A frozen server, or a network that drops everything: another connection may do better.
      void this.close(unconfirmed(formatDuration(this.#timeoutMs)));
    }, this.#timeoutMs);
    this.#connection.flush().then(
      () => {
        // A refusal comes before the answer to the flush, but by way of an iterator: let that run first.
        setImmediate(() => {
          this.#flushed();
        });
      },
      () => {
        void this.close();
      },
    );
  }

  #flushed(): void {
    if (!this.#isOpen) return;
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const confirmed = this.#flushing;
    this.#flushing = [];
    const anyRefused = this.#refused.size + this.#refusedBefore.size > 0;
    for (const { subject, settle } of confirmed) {
      const refused = anyRefused && (this.#refused.has(subject) || this.#refusedBefore.has(subject));
      settle(refused ? permissionDenied(subject) : DELIVERED);
    }
    if (anyRefused) {
      this.#refusedBefore = this.#refused;
      this.#refused = new Set();
    }
    if (this.#published.length > 0) this.#flush();
  }

  #end(outcome = CONNECTION_LOST): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#flushTimer);
    const lost = [...this.#flushing, ...this.#published, ...this.#awaitingAck];
    this.#flushing = [];
    this.#published = [];
    for (const { settle } of lost) settle(outcome);
  }

  async #watchForRefusals(): Promise<void> {
    for await (const { type, permissionContext } of this.#connection.status()) {
      if (type !== Events.Error || permissionContext?.operation !== 'publish') continue;
      const { subject } = permissionContext;
      this.#refused.add(subject);
      for (const message of this.#awaitingAck)
        if (message.subject === subject) message.settle(permissionDenied(subject));
    }
  }
}
