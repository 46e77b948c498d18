import type { Peer, RenewedLease } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import type { ClockSample } from '../../timeline.ts';
import { Lease } from './lease.ts';

/** Each must give up after a few seconds: a heartbeat waits for nothing else. */
export interface LeaseStatements {
  /** Returns the database's clock. */
  readonly acquireLease: (id: string) => Promise<number>;
  /** undefined: others have removed the lease. */
  readonly renewLease: (id: string) => Promise<RenewedLease | undefined>;
  readonly giveUpLease: (id: string) => Promise<void>;
}

export interface LeaseKeeperOptions {
  readonly statements: LeaseStatements;
  readonly clock: Clock;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onSample: (sample: ClockSample) => void;
  /** Called after each renewal, and not waited for. */
  readonly onRenewed: (lease: Lease, peers: readonly Peer[], monotonicMs: number) => void;
  /** Called when others have removed the lease; a new one is acquired. */
  readonly onLost: (lease: Lease) => void;
  readonly onError: (error: unknown) => void;
}

/** From one heartbeat to the next, in milliseconds. */
const HEARTBEAT_MS = 1_000;
/** After a failed one. */
const RETRY_MS = 250;

/** Acquires the lease of this dispatcher and renews it until it is stopped; a lost one is replaced. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #abandoned = new AbortController();
  readonly #stopping = new AbortController();
  #lease = new Lease();
  #acquired = false;
  #ended: Promise<void> | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** The lease to claim under. It need not be valid now. */
  get lease(): Lease {
    return this.#lease;
  }

  /** Acquires the lease; retries until the database responds. */
  async start(): Promise<void> {
    while (!(await this.#beat()) && !this.#abandoned.signal.aborted)
      await this.#options.sleep(RETRY_MS, this.#abandoned.signal);
    this.#ended = this.#beatRegularly();
  }

  /** Ends a start that waits for the database. */
  abandonStart(): void {
    this.#abandoned.abort();
  }

  /** A claim found that others have removed this lease. */
  lost(lease: Lease): void {
    if (lease !== this.#lease || lease.isLost) return;
    lease.lose();
    this.#acquired = false;
    this.#lease = new Lease();
    this.#options.onLost(lease);
  }

  /** Gives up the lease, if the database responds. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#ended;
    this.#lease.lose();
    const { statements, onError } = this.#options;
    if (this.#acquired) await statements.giveUpLease(this.#lease.id).catch(onError);
  }

  async #beatRegularly(): Promise<void> {
    const { sleep } = this.#options;
    const { signal } = this.#stopping;
    let waitMs = HEARTBEAT_MS;
    for (;;) {
      await sleep(waitMs, signal);
      if (signal.aborted) return;
      waitMs = (await this.#beat()) ? HEARTBEAT_MS : RETRY_MS;
    }
  }

  /** One heartbeat; returns whether it succeeded. */
  async #beat(): Promise<boolean> {
    const { statements, clock, onSample, onRenewed, onError } = this.#options;
    const lease = this.#lease;
    const sentMs = clock.monotonicMs();
    try {
      const renewed = this.#acquired
        ? await statements.renewLease(lease.id)
        : { nowMs: await statements.acquireLease(lease.id), peers: [] };
      // Meanwhile a claim may have found the lease lost.
      if (lease.isLost) return false;
      if (renewed === undefined) {
        this.lost(lease);
        return false;
      }
      const receivedMs = clock.monotonicMs();
      this.#acquired = true;
      lease.renewed(sentMs);
      onSample({ sentMs, receivedMs, databaseMs: renewed.nowMs });
      onRenewed(lease, renewed.peers, receivedMs);
      return true;
    } catch (error) {
      // A lease may be stored although its result was lost. Its id is taken then; its row expires.
      if (!this.#acquired) this.#lease = new Lease();
      onError(error);
      return false;
    }
  }
}
