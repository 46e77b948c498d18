import type { Outcome } from '../../transports/transport.ts';
import { admit, afterAttempt, type BreakerState, CLOSED } from './circuit-breaker.ts';
import { RingBuffer } from './ring-buffer.ts';

/** Limits on attempts under way. */
export interface FlowLimits {
  readonly maxInFlight: number;
  readonly maxInFlightPerDestination: number;
  /** How many timers may wait in memory for a destination whose rate is not known yet. */
  readonly maxWaitingAtFirst: number;
}

/** What happens to a due timer. */
export type Admission =
  | { readonly kind: 'start'; readonly isTrial: boolean }
  /** It waits in memory, in the queue of its destination. */
  | { readonly kind: 'wait' }
  /** It is released with a delay: its destination is unavailable, or too slow for it to wait in memory. */
  | { readonly kind: 'defer'; readonly untilMs: number };

export interface Deferred<Item> {
  readonly item: Item;
  readonly untilMs: number;
}

/** Timers that would wait longer than this in memory are deferred. */
const WAIT_MS = 500;
/** The window over which the rate of a destination is measured. */
const RATE_WINDOW_MS = 1_000;
/** How long a timer is deferred if its destination is only slow. */
const DEFERRAL_MS = 1_000;
/** Deferred timers become due this far apart, not all at once. */
const DEFERRAL_SPACING_MS = 2;
/** An unused destination with an expired breaker is removed after this time. */
const IDLE_LIMIT_MS = 10 * 60_000;

interface Destination<Item> {
  readonly key: string;
  readonly sinceMs: number;
  breaker: BreakerState;
  inFlight: number;
  readonly waiting: RingBuffer<Item>;
  endedNow: number;
  endedBefore: number;
  windowMs: number;
  lastDeferralMs: number;
  lastUsedMs: number;
}

/**
 * Decides which due timers may start, so that a slow or unavailable destination does not delay the others: an overall
 * in-flight limit, and for each destination an in-flight limit, a short queue served in turn and a circuit breaker.
 * Does no I/O; the time is a parameter, in milliseconds of any monotonic clock.
 */
export class DestinationLimiter<Item> {
  readonly #limits: FlowLimits;
  readonly #byKey = new Map<string, Destination<Item>>();
  /** Destinations with waiting timers, the next turn first. */
  readonly #turns = new Set<Destination<Item>>();
  #inFlight = 0;
  #waiting = 0;

  constructor(limits: FlowLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** The number of destinations by breaker state, for metrics. */
  breakerStates(): Readonly<Record<BreakerState['kind'], number>> {
    const counts = { closed: 0, open: 0, 'half-open': 0 };
    for (const { breaker } of this.#byKey.values()) counts[breaker.kind] += 1;
    return counts;
  }

  /** Decides what happens to a due timer. After `start` the caller makes the attempt and reports its end. */
  admit(key: string, item: Item, nowMs: number): Admission {
    const destination = this.#get(key, nowMs);
    const permission = admit(destination.breaker, nowMs);
    if (permission.kind === 'wait')
      return { kind: 'defer', untilMs: this.#deferralSlot(destination, permission.untilMs) };
    if (this.#isFree(destination) && destination.waiting.size === 0) {
      if (permission.kind === 'trial') destination.breaker = permission.state;
      this.#begin(destination, nowMs);
      return { kind: 'start', isTrial: permission.kind === 'trial' };
    }
    if (destination.waiting.size >= this.#allowedWaiting(destination, nowMs))
      return { kind: 'defer', untilMs: this.#deferralSlot(destination, nowMs + DEFERRAL_MS) };
    destination.waiting.push(item);
    this.#waiting += 1;
    this.#turns.add(destination);
    return { kind: 'wait' };
  }

  /** To be called when an attempt has ended. */
  ended(key: string, outcome: Outcome, isTrial: boolean, nowMs: number): void {
    const destination = this.#get(key, nowMs);
    destination.inFlight -= 1;
    this.#inFlight -= 1;
    this.#turnWindow(destination, nowMs);
    destination.endedNow += 1;
    destination.breaker = afterAttempt(destination.breaker, outcome, isTrial, nowMs);
    const { breaker, inFlight } = destination;
    // A destination with failures is kept: they may occur one at a time.
    const hasNoFailures = breaker.kind === 'closed' && breaker.failures === 0;
    if (inFlight === 0 && hasNoFailures && destination.waiting.size === 0) this.#byKey.delete(key);
  }

  /** To be called instead of {@link ended} if no attempt was made. */
  startCanceled(key: string, isTrial: boolean): void {
    const destination = this.#byKey.get(key);
    if (destination === undefined) return;
    destination.inFlight -= 1;
    this.#inFlight -= 1;
    // The next attempt becomes the trial.
    if (isTrial && destination.breaker.kind === 'half-open')
      destination.breaker = {
        kind: 'open',
        untilMs: Number.NEGATIVE_INFINITY,
        forMs: destination.breaker.forMs,
      };
  }

  /** The next waiting timer that may start, each destination in turn; to be called until there is none. */
  next(nowMs: number): Item | undefined {
    for (const destination of this.#turns) {
      if (this.#inFlight >= this.#limits.maxInFlight) return undefined;
      if (destination.breaker.kind !== 'closed' || !this.#isFree(destination)) continue;
      const item = this.#shift(destination);
      if (item === undefined) continue;
      this.#begin(destination, nowMs);
      return item;
    }
    return undefined;
  }

  /** Removes and returns timers that would wait too long; to be called a few times per second. */
  takeDeferrable(nowMs: number): Deferred<Item>[] {
    const deferred: Deferred<Item>[] = [];
    for (const destination of this.#turns) {
      const { breaker } = destination;
      const keep = breaker.kind === 'closed' ? this.#allowedWaiting(destination, nowMs) : 0;
      const fromMs = breaker.kind === 'open' ? breaker.untilMs : nowMs + DEFERRAL_MS;
      const taken = this.#cutQueue(destination, keep);
      deferred.push(...taken.map((item) => ({ item, untilMs: this.#deferralSlot(destination, fromMs) })));
    }
    this.#removeIdle(nowMs);
    return deferred;
  }

  /** Removes and returns every waiting timer. */
  takeWaiting(): Item[] {
    return [...this.#turns].flatMap((destination) => this.#cutQueue(destination, 0));
  }

  #get(key: string, nowMs: number): Destination<Item> {
    let destination = this.#byKey.get(key);
    if (destination === undefined) {
      destination = {
        key,
        sinceMs: nowMs,
        breaker: CLOSED,
        inFlight: 0,
        waiting: new RingBuffer(),
        endedNow: 0,
        endedBefore: 0,
        windowMs: nowMs,
        lastDeferralMs: Number.NEGATIVE_INFINITY,
        lastUsedMs: nowMs,
      };
      this.#byKey.set(key, destination);
    }
    return destination;
  }

  #isFree(destination: Destination<Item>): boolean {
    return (
      destination.inFlight < this.#limits.maxInFlightPerDestination &&
      this.#inFlight < this.#limits.maxInFlight
    );
  }

  #begin(destination: Destination<Item>, nowMs: number): void {
    destination.inFlight += 1;
    destination.lastUsedMs = nowMs;
    this.#inFlight += 1;
  }

  /** As many as the destination currently completes in {@link WAIT_MS}. */
  #allowedWaiting(destination: Destination<Item>, nowMs: number): number {
    this.#turnWindow(destination, nowMs);
    if (nowMs - destination.sinceMs < RATE_WINDOW_MS) return this.#limits.maxWaitingAtFirst;
    const perSecond = Math.max(destination.endedBefore, destination.endedNow);
    return Math.ceil((perSecond * WAIT_MS) / RATE_WINDOW_MS);
  }

  #turnWindow(destination: Destination<Item>, nowMs: number): void {
    const elapsed = nowMs - destination.windowMs;
    if (elapsed < RATE_WINDOW_MS) return;
    destination.endedBefore = elapsed < 2 * RATE_WINDOW_MS ? destination.endedNow : 0;
    destination.endedNow = 0;
    destination.windowMs = nowMs;
  }

  #deferralSlot(destination: Destination<Item>, fromMs: number): number {
    destination.lastDeferralMs = Math.max(fromMs, destination.lastDeferralMs + DEFERRAL_SPACING_MS);
    return destination.lastDeferralMs;
  }

  #shift(destination: Destination<Item>): Item | undefined {
    const item = destination.waiting.shift();
    this.#waiting -= 1;
    // After its turn the destination goes to the end, if it has more timers.
    this.#turns.delete(destination);
    if (destination.waiting.size > 0) this.#turns.add(destination);
    return item;
  }

  /** Keeps the `keep` timers that have waited longest; removes and returns the others in order. */
  #cutQueue(destination: Destination<Item>, keep: number): Item[] {
    const taken = destination.waiting.cut(keep);
    this.#waiting -= taken.length;
    if (keep === 0) this.#turns.delete(destination);
    return taken;
  }

  #removeIdle(nowMs: number): void {
    for (const [key, { inFlight, lastUsedMs, breaker }] of this.#byKey) {
      const isOpen = breaker.kind === 'open' && nowMs < breaker.untilMs;
      if (inFlight === 0 && !isOpen && nowMs - lastUsedMs > IDLE_LIMIT_MS) this.#byKey.delete(key);
    }
  }
}
