import { Empty, Events, type JetStreamClient, type MsgHdrs, type NatsConnection } from 'nats';
import { delivered, formatDuration, REFUSED } from '../outcome.ts';
import type { Delivery, Outcome } from '../transport.ts';
import {
  CONNECTION_LOST,
  isAckTimeout,
  outcomeOfNatsError,
  permissionDenied,
  unconfirmed,
} from './nats-outcome.ts';

const DELIVERED = delivered(null);
const ALREADY_STORED = delivered(null, true);

export interface NatsMessage {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly delivery: Pick<Delivery<'nats'>, 'payload' | 'mayStart' | 'ended'>;
}

/**
 * Publishes over one NATS connection and ends with it. The client's own reconnect is disabled: it would buffer messages
 * during an outage and send them later, after their attempts have failed. Here every unconfirmed message fails with the
 * connection, and the next session starts empty.
 */
export class NatsSession {
  readonly #connection: NatsConnection;
  readonly #jetstream: JetStreamClient;
  readonly #timeoutMs: number;
  /** Published after the current flush began. */
  #published: NatsMessage[] = [];
  /** Covered by the current flush. */
  #flushing: NatsMessage[] = [];
  /** Set while a flush is under way. */
  #flushTimeout: NodeJS.Timeout | undefined;
  readonly #awaitingAck = new Set<NatsMessage>();
  /** Subjects without permission to publish, as reported during the current flush and during the one before. */
  #deniedSubjects = new Set<string>();
  #previouslyDenied = new Set<string>();
  #isOpen = true;

  /** @param timeoutMs how long the server may take to confirm a message */
  constructor(connection: NatsConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#jetstream = connection.jetstream({ timeout: timeoutMs });
    void this.#recordPermissionErrors();
    void connection.closed().then(() => {
      this.#end(CONNECTION_LOST);
    });
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#connection.isClosed();
  }

  /** Resolves when the connection is closed, with the error that closed it if there was one. */
  closed(): Promise<unknown> {
    return this.#connection.closed();
  }

  /** In bytes, headers included. */
  get maxPayload(): number | undefined {
    return this.#connection.info?.max_payload;
  }

  /**
   * Publishes a core message, which ends when a later flush is confirmed. Messages published during a flush share the
   * next one.
   */
  publish(message: NatsMessage): void {
    const { delivery, headers, subject } = message;
    if (!this.#mayStart(message)) return;
    try {
      this.#connection.publish(subject, delivery.payload ?? Empty, { headers });
    } catch (error) {
      delivery.ended(this.#outcomeOf(error, subject));
      return;
    }
    this.#published.push(message);
    if (!this.#isFlushing()) this.#flush();
  }

  /** Publishes a message, which ends when a stream acknowledges it. */
  publishToStream(message: NatsMessage): void {
    const { delivery, headers, subject } = message;
    if (!this.#mayStart(message)) return;
    this.#awaitingAck.add(message);
    this.#jetstream.publish(subject, delivery.payload ?? Empty, { headers }).then(
      ({ duplicate }) => {
        this.#acknowledged(message, duplicate ? ALREADY_STORED : DELIVERED);
      },
      (error: unknown) => {
        const outcome = this.#outcomeOf(error, subject);
        this.#acknowledged(message, this.isOpen ? outcome : CONNECTION_LOST);
        // A missing acknowledgement may mean a dead connection: a flush tests it.
        if (isAckTimeout(error) && !this.#isFlushing()) this.#flush();
      },
    );
  }

  /** Closes the connection; unconfirmed messages end with `outcome`. Idempotent. */
  async close(outcome = CONNECTION_LOST): Promise<void> {
    this.#end(outcome);
    await this.#connection.close();
  }

  #mayStart({ delivery }: NatsMessage): boolean {
    if (!this.isOpen) delivery.ended(CONNECTION_LOST);
    else if (delivery.mayStart()) return true;
    else delivery.ended(REFUSED);
    return false;
  }

  /** Ends a message to a stream, unless it has ended with the connection or for lack of permission. */
  #acknowledged(message: NatsMessage, outcome: Outcome): void {
    if (this.#awaitingAck.delete(message)) message.delivery.ended(outcome);
  }

  #outcomeOf(error: unknown, subject: string): Outcome {
    return outcomeOfNatsError(error, { subject, timeout: formatDuration(this.#timeoutMs) });
  }

  /** A method because the compiler assumes that a property does not change during a call. */
  #isFlushing(): boolean {
    return this.#flushTimeout !== undefined;
  }

  #flush(): void {
    if (!this.isOpen) {
      this.#end(CONNECTION_LOST);
      return;
    }
    this.#flushing = this.#published;
    this.#published = [];
    this.#flushTimeout = setTimeout(() => {
      // A frozen server, or a network that drops packets: a new connection may work.
      void this.close(unconfirmed(formatDuration(this.#timeoutMs)));
    }, this.#timeoutMs);
    this.#connection.flush().then(
      () => {
        // Permission errors arrive before the flush is confirmed, but through an iterator, which must run first.
        setImmediate(() => {
          this.#flushConfirmed();
        });
      },
      () => {
        void this.close();
      },
    );
  }

  #flushConfirmed(): void {
    if (!this.#isOpen) return;
    clearTimeout(this.#flushTimeout);
    this.#flushTimeout = undefined;
    const confirmed = this.#flushing;
    this.#flushing = [];
    const anyDenied = this.#deniedSubjects.size + this.#previouslyDenied.size > 0;
    for (const { delivery, subject } of confirmed) {
      const isDenied =
        anyDenied && (this.#deniedSubjects.has(subject) || this.#previouslyDenied.has(subject));
      delivery.ended(isDenied ? permissionDenied(subject) : DELIVERED);
    }
    if (anyDenied) {
      this.#previouslyDenied = this.#deniedSubjects;
      this.#deniedSubjects = new Set();
    }
    // The end of a delivery may have started another one, and with it a flush.
    if (this.#published.length > 0 && !this.#isFlushing()) this.#flush();
  }

  #end(outcome: Outcome): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#flushTimeout);
    const lost = [...this.#flushing, ...this.#published, ...this.#awaitingAck];
    this.#flushing = [];
    this.#published = [];
    this.#awaitingAck.clear();
    for (const { delivery } of lost) delivery.ended(outcome);
  }

  async #recordPermissionErrors(): Promise<void> {
    for await (const { type, permissionContext } of this.#connection.status()) {
      if (type !== Events.Error || permissionContext?.operation !== 'publish') continue;
      const { subject } = permissionContext;
      this.#deniedSubjects.add(subject);
      for (const message of [...this.#awaitingAck])
        if (message.subject === subject) this.#acknowledged(message, permissionDenied(subject));
    }
  }
}
