import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { ClockSample } from '../database-clock.ts';

/** `acquireLease` and `renewLease` return the database's time, in milliseconds since 1970. */
export interface LeaseStatements {
  readonly acquireLease: (id: string) => Promise<number>;
  /** undefined: the lease has expired. */
  readonly renewLease: (id: string) => Promise<number | undefined>;
  readonly giveUpLease: (id: string) => Promise<void>;
  /** Rescues lost claims; called after every renewal. */
  readonly rescue: (id: string) => Promise<void>;
}

export interface LeaseOptions {
  readonly statements: LeaseStatements;
  readonly clock: Clock;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onSample: (sample: ClockSample) => void;
  /** Called when the lease has expired and this dispatcher has a new id. */
  readonly onExpired: () => void;
  readonly onError: (error: unknown) => void;
}

/** A lease expires this long after the last heartbeat, in milliseconds. */
export const LEASE_MS = 10_000;
/** The interval between heartbeats. */
const RENEW_MS = 2_000;
/** The delay after a failed heartbeat. */
const RETRY_MS = 500;
/** A dispatcher starts no more attempts this long before its lease expires. */
const MARGIN_MS = 1_500;

/**
 * Keeps the lease of this dispatcher and decides whether it may start attempts: only for a limited time after its last
 * heartbeat was sent. The monotonic clock stops a process that was frozen or cut off from the database before it starts
 * timers that another dispatcher may have claimed.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #startAborted = new AbortController();
  readonly #stopping = new AbortController();
  #id = randomUUID();
  #acquired = false;
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #run: Promise<void> | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#id;
  }

  /** Whether an attempt may start at this monotonic instant. */
  isValid(monotonicMs: number): boolean {
    return monotonicMs < this.#validUntilMs;
  }

  /** Acquires the lease; retries until it succeeds or {@link abortStart} is called. */
  async start(): Promise<void> {
    while (!(await this.#beat()) && !this.#startAborted.signal.aborted)
      await this.#options.sleep(RETRY_MS, this.#startAborted.signal);
    this.#run = this.#renewRegularly();
  }

  /** Ends a start that waits for the database. A lease already acquired is renewed until {@link stop}. */
  abortStart(): void {
    this.#startAborted.abort();
  }

  /** To be called when a statement shows that the lease has expired: acquires a new one under a new id. */
  expired(): void {
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
    this.#acquired = false;
    this.#id = randomUUID();
    this.#options.onExpired();
  }

  /** Gives up the lease if the database responds. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#run;
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#acquired) await this.#options.statements.giveUpLease(this.#id).catch(this.#options.onError);
  }

  async #renewRegularly(): Promise<void> {
    const { sleep } = this.#options;
    const { signal } = this.#stopping;
    let waitMs = RENEW_MS;
    for (;;) {
      await sleep(waitMs, signal);
      if (signal.aborted) return;
      waitMs = (await this.#beat()) ? RENEW_MS : RETRY_MS;
    }
  }

  /** Renews the lease, or acquires it if there is none; returns whether it succeeded. */
  async #beat(): Promise<boolean> {
    const { statements, clock, onSample, onError } = this.#options;
    const id = this.#id;
    const sentMs = clock.monotonicMs();
    try {
      const databaseMs = this.#acquired ? await statements.renewLease(id) : await statements.acquireLease(id);
      // A claim has reported in the meantime that the lease has expired.
      if (id !== this.#id) return false;
      if (databaseMs === undefined) {
        this.expired();
        return false;
      }
      this.#acquired = true;
      this.#validUntilMs = sentMs + LEASE_MS - MARGIN_MS;
      onSample({ sentMs, receivedMs: clock.monotonicMs(), databaseMs });
      await statements.rescue(id);
      return true;
    } catch (error) {
      onError(error);
      return false;
    }
  }
}
