import type { CallbackType } from '@timer-platform/callback-types';
import type { Delivery, Outcome, StoredCallback } from '../../transports/transport.ts';
import type { ClaimedTimer } from '../claimed-timer.ts';
import type { Slot } from './destination-limiter.ts';

/** An attempt, as its owner knows it. */
export interface StartedAttempt {
  readonly timer: ClaimedTimer;
  readonly slot: Slot<ClaimedTimer>;
  /** By the database's clock, in milliseconds since 1970. */
  readonly startedMs: number;
  readonly startedMonotonicMs: number;
}

/** Who an attempt reports to. */
export interface AttemptOwner {
  mayStart(timer: ClaimedTimer): boolean;
  attemptEnded(attempt: StartedAttempt, outcome: Outcome): void;
}

/** One attempt at a timer, as its transport sees it. */
export class Attempt<Type extends CallbackType> implements Delivery<Type>, StartedAttempt {
  readonly timer: ClaimedTimer;
  readonly slot: Slot<ClaimedTimer>;
  readonly callback: StoredCallback<Type>;
  readonly startedMs: number;
  readonly startedMonotonicMs: number;
  readonly #owner: AttemptOwner;
  #ended = false;

  constructor(
    owner: AttemptOwner,
    timer: ClaimedTimer,
    slot: Slot<ClaimedTimer>,
    callback: StoredCallback<Type>,
    started: { readonly databaseMs: number; readonly monotonicMs: number },
  ) {
    this.#owner = owner;
    this.timer = timer;
    this.slot = slot;
    this.callback = callback;
    this.startedMs = started.databaseMs;
    this.startedMonotonicMs = started.monotonicMs;
  }

  get messageId(): string {
    return this.timer.messageId;
  }

  get attemptNumber(): number {
    return this.timer.attemptNumber;
  }

  get payload(): string | null {
    return this.timer.payload;
  }

  mayStart(): boolean {
    return this.#owner.mayStart(this.timer);
  }

  /** A second call has no effect. */
  ended(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.attemptEnded(this, outcome);
  }
}
