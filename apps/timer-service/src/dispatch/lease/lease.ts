import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { ClockSample } from '../database-clock.ts';

/** Statements that a registration needs; the database's clock comes along with each. */
export interface LeaseStatements {
  readonly register: (id: string) => Promise<number>;
  /** undefined: the dispatcher was taken for dead. */
  readonly renew: (id: string) => Promise<number | undefined>;
  readonly unregister: (id: string) => Promise<void>;
  /** Takes the claims of dead dispatchers back; called after every renewal. */
  readonly rescue: (id: string) => Promise<void>;
}

export interface LeaseOptions {
  readonly statements: LeaseStatements;
  readonly clock: Clock;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onSample: (sample: ClockSample) => void;
  /** Told when this dispatcher has a new id, after it was taken for dead. */
  readonly onReplaced: () => void;
  readonly onError: (error: unknown) => void;
}

/** A dispatcher that was silent for longer is taken for dead by the others, in milliseconds. */
export const LEASE_MS = 10_000;
/** How often a dispatcher says that it lives. */
const RENEW_MS = 2_000;
/** How soon it tries again when that failed. */
const RETRY_MS = 500;
/** A dispatcher stops starting attempts this long before the others may take it for dead. */
const MARGIN_MS = 1_500;

/**
 * Keeps this dispatcher registered and tells whether it may start attempts: only for a bounded time after its last
 * heartbeat was sent. A process that was frozen, or cut off from the database, finds out by the monotonic clock before
 * it starts anything that may by then be another's.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #givenUp = new AbortController();
  readonly #stopping = new AbortController();
  #id = randomUUID();
  #registered = false;
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

  /** Registers, trying until the database answers; resolves then. */
  async start(): Promise<void> {
    while (!(await this.#beat()) && !this.#givenUp.signal.aborted)
      await this.#options.sleep(RETRY_MS, this.#givenUp.signal);
    this.#run = this.#renewRegularly();
  }

  /** Ends a start that still waits for the database. A registration that has started goes on until {@link stop}. */
  giveUpStarting(): void {
    this.#givenUp.abort();
  }

  /** A claim was refused because this dispatcher is not registered any more. */
  replace(): void {
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
    this.#registered = false;
    this.#id = randomUUID();
    this.#options.onReplaced();
  }

  /** Takes this dispatcher off the list, if the database answers. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#run;
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#registered) await this.#options.statements.unregister(this.#id).catch(this.#options.onError);
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

  /** One heartbeat, or the registration when there is none; whether it succeeded. */
  async #beat(): Promise<boolean> {
    const { statements, clock, onSample, onError } = this.#options;
    const id = this.#id;
    const sentMs = clock.monotonicMs();
    try {
      const databaseMs = this.#registered ? await statements.renew(id) : await statements.register(id);
      // A claim that was refused meanwhile has given this dispatcher another id.
      if (id !== this.#id) return false;
      if (databaseMs === undefined) {
        this.replace();
        return false;
      }
      this.#registered = true;
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
