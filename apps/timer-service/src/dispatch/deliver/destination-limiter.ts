import type { Outcome } from '../../transports/transport.ts';
import { admit, afterAttempt, type BreakerState, CLOSED } from './circuit-breaker.ts';
import { RingBuffer } from './ring-buffer.ts';

/** Bounds on attempts under way. */
export interface FlowLimits {
  readonly maxInFlight: number;
  readonly maxInFlightPerDestination: number;
  /** How many timers may wait in memory for a destination whose pace is not known yet. */
  readonly maxWaitingAtFirst: number;
}

/** What happens with a timer that is due. */
export type Admission =
  | { readonly kind: 'start'; readonly probe: boolean }
  /** It waits in memory, behind others for its destination. */
  | { readonly kind: 'wait' }
  /** It goes back to the table until then: its destination is away, or too slow for it to wait here. */
  | { readonly kind: 'park'; readonly untilMs: number };

export interface Deferred<Item> {
  readonly item: Item;
  readonly untilMs: number;
}

/** A destination's waiting timers are to start within this time, or they wait in the table instead. */
const WAIT_MS = 500;
/** Over which time the pace of a destination is measured. */
const RATE_WINDOW_MS = 1_000;
/** How long a timer is parked for a destination that is merely slow. */
const DEFERRAL_MS = 1_000;
/** Parked timers come back one after the other, this far apart, and not all at once. */
const DEFERRAL_SPACING_MS = 2;
/** A destination of which nothing is left but an open breaker is forgotten after this time. */
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
 * Decides which due timers may start, so that one slow or dead destination holds up nobody else: bounds in flight,
 * overall and per destination, a short queue for each destination served in turn, and a circuit breaker for each.
 * Makes no I/O and takes the time (milliseconds, any monotonic scale) as a parameter.
 */
export class DestinationLimiter<Item> {
  readonly #limits: FlowLimits;
  readonly #byKey = new Map<string, Destination<Item>>();
  /** Destinations with waiting timers, in the order of their turn. */
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

  /** How many destinations are in each state of the breaker, for metrics. */
  breakerStates(): Readonly<Record<BreakerState['kind'], number>> {
    const count = { closed: 0, open: 0, probing: 0 };
    for (const { breaker } of this.#byKey.values()) count[breaker.kind] += 1;
    return count;
  }

  /** Decides about a timer that is due. After `start` the caller makes the attempt and reports its end. */
  admit(key: string, item: Item, nowMs: number): Admission {
    const destination = this.#get(key, nowMs);
    const ruling = admit(destination.breaker, nowMs);
    if (ruling.kind === 'wait')
      return { kind: 'park', untilMs: this.#deferralSlot(destination, ruling.untilMs) };
    if (this.#isFree(destination) && destination.waiting.size === 0) {
      if (ruling.kind === 'probe') destination.breaker = ruling.state;
      this.#begin(destination, nowMs);
      return { kind: 'start', probe: ruling.kind === 'probe' };
    }
    if (destination.waiting.size >= this.#allowedWaiting(destination, nowMs))
      return { kind: 'park', untilMs: this.#deferralSlot(destination, nowMs + DEFERRAL_MS) };
    destination.waiting.push(item);
    this.#waiting += 1;
    this.#turns.add(destination);
    return { kind: 'wait' };
  }

  /** Takes the end of an attempt into account. */
  ended(key: string, outcome: Outcome, probe: boolean, nowMs: number): void {
    const destination = this.#get(key, nowMs);
    destination.inFlight -= 1;
    this.#inFlight -= 1;
    this.#turnWindow(destination, nowMs);
    destination.endedNow += 1;
    destination.breaker = afterAttempt(destination.breaker, outcome, probe, nowMs);
    const { breaker, inFlight } = destination;
    // One that has begun to fail is remembered: its failures may come one at a time.
    const spotless = breaker.kind === 'closed' && breaker.failures === 0;
    if (inFlight === 0 && spotless && destination.waiting.size === 0) this.#byKey.delete(key);
  }

  /** Takes back a start that came to nothing: no attempt was made. */
  withdrawn(key: string, probe: boolean): void {
    const destination = this.#byKey.get(key);
    if (destination === undefined) return;
    destination.inFlight -= 1;
    this.#inFlight -= 1;
    // The next one probes instead.
    if (probe && destination.breaker.kind === 'probing')
      destination.breaker = {
        kind: 'open',
        untilMs: Number.NEGATIVE_INFINITY,
        forMs: destination.breaker.forMs,
      };
  }

  /** The next waiting timer that may start, each destination in its turn; to be asked until there is none. */
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

  /** Takes out waiting timers that would wait too long; to be called a few times per second. */
  takeDeferrable(nowMs: number): Deferred<Item>[] {
    const parked: Deferred<Item>[] = [];
    for (const destination of this.#turns) {
      const { breaker } = destination;
      const closed = breaker.kind === 'closed';
      const keep = closed ? this.#allowedWaiting(destination, nowMs) : 0;
      const fromMs = breaker.kind === 'open' ? breaker.untilMs : nowMs + DEFERRAL_MS;
      const taken = this.#cutQueue(destination, keep);
      parked.push(...taken.map((item) => ({ item, untilMs: this.#deferralSlot(destination, fromMs) })));
    }
    this.#removeIdle(nowMs);
    return parked;
  }

  /** Takes out everything that waits. */
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

  /** As many as the destination has lately ended in {@link WAIT_MS}. */
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
    // A turn is over: to the end of the line, while there is more to come.
    this.#turns.delete(destination);
    if (destination.waiting.size > 0) this.#turns.add(destination);
    return item;
  }

  /** Leaves the `keep` that have waited longest, and takes out the rest in their order. */
  #cutQueue(destination: Destination<Item>, keep: number): Item[] {
    const taken = destination.waiting.cut(keep);
    this.#waiting -= taken.length;
    if (keep === 0) this.#turns.delete(destination);
    return taken;
  }

  #removeIdle(nowMs: number): void {
    for (const [key, { inFlight, lastUsedMs, breaker }] of this.#byKey) {
      const openStill = breaker.kind === 'open' && nowMs < breaker.untilMs;
      if (inFlight === 0 && !openStill && nowMs - lastUsedMs > IDLE_LIMIT_MS) this.#byKey.delete(key);
    }
  }
}
