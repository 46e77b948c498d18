import { sleep } from '../../../sleep.ts';
import type { LiveEvent } from './live-events.ts';

/** Someone who gets events. */
export interface Subscriber {
  /** Whether it may still get events: its key or its session may have ended. */
  isAllowed(): Promise<boolean>;
  /** Must not wait. */
  send(event: LiveEvent): void;
  /** Shows that the connection works while nothing happens. */
  sendHeartbeat(): void;
  /** No event follows. */
  end(): void;
}

export interface EventHubOptions {
  /** Creates what reads the events; called when the first subscriber comes. */
  readonly createReader: () => { read(): Promise<LiveEvent[]> };
  readonly onError: (error: unknown) => void;
}

/** Subscribers at a time. */
export const MAX_SUBSCRIBERS = 100;

const POLL_INTERVAL_MS = 1_000;
/** Polls between two heartbeats. */
const HEARTBEAT_POLLS = 15;

/** Reads events once a second while there are subscribers, and gives them to all of them. */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #subscribers = new Set<Subscriber>();
  #stop: AbortController | undefined;
  #isClosed = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** Whether no other subscriber may come. */
  get isFull(): boolean {
    return this.#subscribers.size >= MAX_SUBSCRIBERS;
  }

  /** Returns what ends the subscription. */
  subscribe(subscriber: Subscriber): () => void {
    if (this.#isClosed) {
      subscriber.end();
      return () => undefined;
    }
    this.#subscribers.add(subscriber);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#poll(this.#stop.signal);
    }
    return () => {
      this.#remove(subscriber);
    };
  }

  /** Ends all subscriptions, and those that come later at once. */
  close(): void {
    this.#isClosed = true;
    for (const subscriber of [...this.#subscribers]) this.#end(subscriber);
  }

  #remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#stop?.abort();
    this.#stop = undefined;
  }

  #end(subscriber: Subscriber): void {
    this.#remove(subscriber);
    subscriber.end();
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const reader = this.#options.createReader();
    for (let poll = 1; !signal.aborted; poll += 1) {
      try {
        await this.#endThoseNotAllowed();
        const events = await reader.read();
        this.#send(events, poll, signal);
      } catch (error) {
        this.#options.onError(error);
      }
      await sleep(POLL_INTERVAL_MS, signal);
    }
  }

  #send(events: readonly LiveEvent[], poll: number, signal: AbortSignal): void {
    // Another loop serves those who came after this one was stopped.
    if (signal.aborted) return;
    for (const subscriber of [...this.#subscribers]) {
      for (const event of events) subscriber.send(event);
      if (poll % HEARTBEAT_POLLS === 0) subscriber.sendHeartbeat();
    }
  }

  async #endThoseNotAllowed(): Promise<void> {
    await Promise.all(
      [...this.#subscribers].map(async (subscriber) => {
        if (!(await subscriber.isAllowed())) this.#end(subscriber);
      }),
    );
  }
}
