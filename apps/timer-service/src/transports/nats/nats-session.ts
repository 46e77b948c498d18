import { Empty, Events, type JetStreamClient, type MsgHdrs, type NatsConnection } from 'nats';
import { delivered, formatDuration } from '../outcome.ts';
import type { Outcome } from '../transport.ts';
import { CONNECTION_LOST, outcomeOfNatsError, permissionDenied, unconfirmed } from './nats-outcome.ts';

const DELIVERED = delivered(null);

/** A message that the server has not confirmed yet. */
interface UnconfirmedMessage {
  readonly subject: string;
  readonly settle: (outcome: Outcome) => void;
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
  #published: UnconfirmedMessage[] = [];
  /** Covered by the current flush. */
  #flushing: UnconfirmedMessage[] = [];
  /** Set while a flush is under way. */
  #flushTimeout: NodeJS.Timeout | undefined;
  readonly #awaitingAck = new Set<UnconfirmedMessage>();
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

  /**
   * Publishes a core message and waits for a later flush to be confirmed. Messages published during a flush share the
   * next one.
   */
  publish(subject: string, payload: string | null, headers: MsgHdrs): Promise<Outcome> {
    if (!this.isOpen) return Promise.resolve(CONNECTION_LOST);
    try {
      this.#connection.publish(subject, payload ?? Empty, { headers });
    } catch (error) {
      return Promise.resolve(this.#outcomeOf(error, subject));
    }
    return new Promise((settle) => {
      this.#published.push({ subject, settle });
      if (this.#flushTimeout === undefined) this.#flush();
    });
  }

  /** Publishes a message and waits for a stream to acknowledge it. */
  publishToStream(subject: string, payload: string | null, headers: MsgHdrs): Promise<Outcome> {
    if (!this.isOpen) return Promise.resolve(CONNECTION_LOST);
    return new Promise((resolve) => {
      const message: UnconfirmedMessage = {
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
          const outcome = this.#outcomeOf(error, subject);
          message.settle(this.isOpen ? outcome : CONNECTION_LOST);
          // A missing acknowledgement may mean a dead connection: a flush tests it.
          if (outcome.kind === 'retryable' && outcome.unreachable && this.#flushTimeout === undefined)
            this.#flush();
        },
      );
    });
  }

  /** Closes the connection; unconfirmed messages end with `outcome`. Idempotent. */
  async close(outcome = CONNECTION_LOST): Promise<void> {
    this.#end(outcome);
    await this.#connection.close();
  }

  #outcomeOf(error: unknown, subject: string): Outcome {
    return outcomeOfNatsError(error, { subject, timeout: formatDuration(this.#timeoutMs) });
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
    for (const { subject, settle } of confirmed) {
      const isDenied =
        anyDenied && (this.#deniedSubjects.has(subject) || this.#previouslyDenied.has(subject));
      settle(isDenied ? permissionDenied(subject) : DELIVERED);
    }
    if (anyDenied) {
      this.#previouslyDenied = this.#deniedSubjects;
      this.#deniedSubjects = new Set();
    }
    if (this.#published.length > 0) this.#flush();
  }

  #end(outcome: Outcome): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#flushTimeout);
    const lost = [...this.#flushing, ...this.#published, ...this.#awaitingAck];
    this.#flushing = [];
    this.#published = [];
    for (const { settle } of lost) settle(outcome);
  }

  async #recordPermissionErrors(): Promise<void> {
    for await (const { type, permissionContext } of this.#connection.status()) {
      if (type !== Events.Error || permissionContext?.operation !== 'publish') continue;
      const { subject } = permissionContext;
      this.#deniedSubjects.add(subject);
      for (const message of this.#awaitingAck)
        if (message.subject === subject) message.settle(permissionDenied(subject));
    }
  }
}
