import type { Destination, Outcome } from '../../transports/transport.ts';
import { availabilityOf } from './availability.ts';
import { afterAttempt, type BreakerState, CLOSED, permissionOf, trialStarted } from './circuit-breaker.ts';
import { CompletionRate } from './completion-rate.ts';
import { fitsInMemory, type FlowLimits, hasFreeSlot, waitingLimit } from './fair-share.ts';
import { RingBuffer } from './ring-buffer.ts';

/** What the limiter needs to know of a timer. */
export interface Limited {
  readonly destination: Destination;
  readonly bytes: number;
}

/** Permission for one attempt, returned when it has ended. */
export interface Slot<Item> {
  readonly route: Route<Item>;
  readonly bytes: number;
  readonly isEndpointTrial: boolean;
  readonly isRouteTrial: boolean;
}

/** What happens to a due timer. */
export type Admission<Item> =
  | { readonly kind: 'start'; readonly slot: Slot<Item> }
  /** It waits in memory, in the queue of its route. */
  | { readonly kind: 'wait' }
  /** It is released with a delay: its destination is unavailable, or too slow for it to wait in memory. */
  | { readonly kind: 'defer'; readonly untilMs: number };

export interface Deferred<Item> {
  readonly item: Item;
  readonly untilMs: number;
}

export interface Startable<Item> {
  readonly item: Item;
  readonly slot: Slot<Item>;
}

/**
 * A route or endpoint that has had waiting timers for this long keeps no more of them than it completes in
 * {@link WAIT_MS}.
 */
const PATIENCE_MS = 500;
const WAIT_MS = 500;
/** How long a timer is deferred if its destination is only slow. */
const DEFERRAL_MS = 1_000;
/** The deferred timers of all routes become due this far apart, or at the rate at which their route completes them. */
const DEFERRAL_SPACING_MS = 2;
/** An unused destination is removed after this time, or this time after its breaker may close. */
const IDLE_LIMIT_MS = 10_000;

/** What endpoints and routes have in common. */
interface Queue {
  readonly rate: CompletionRate;
  breaker: BreakerState;
  inFlight: number;
  /** Since when timers have waited without a break. */
  waitingSinceMs: number;
}

interface Endpoint<Item> extends Queue {
  readonly key: string;
  readonly routes: Map<string, Route<Item>>;
  waiting: number;
  bytes: number;
}

interface Route<Item> extends Queue {
  readonly key: string;
  readonly endpoint: Endpoint<Item>;
  readonly waiting: RingBuffer<Item>;
  lastDeferralMs: number;
  lastUsedMs: number;
}

/** How many timers are completed within {@link WAIT_MS}. At least one, so that the rate becomes known. */
function completedSoon({ rate }: Queue, nowMs: number): number {
  return Math.max(1, Math.ceil((rate.perSecond(nowMs) * WAIT_MS) / 1_000));
}

/** Whether timers have waited for so long that the rate tells how many more may. */
function isRateKnown({ waitingSinceMs }: Queue, nowMs: number): boolean {
  return nowMs - waitingSinceMs >= PATIENCE_MS;
}

/**
 * Decides which due timers may start, so that slow or unavailable destinations do not delay the others. Endpoints share
 * the attempts under way and the memory, the routes of an endpoint share what it gets, and each endpoint and each route
 * has a circuit breaker. Timers that wait do so in a short queue per route, served in turn.
 *
 * Does no I/O. Times are milliseconds of a monotonic clock.
 */
export class DestinationLimiter<Item extends Limited> {
  readonly #limits: FlowLimits;
  readonly #endpoints = new Map<string, Endpoint<Item>>();
  /** Routes with waiting timers, the next turn first. */
  readonly #turns = new Set<Route<Item>>();
  readonly #total = { inFlight: 0, waiting: 0, bytes: 0 };
  /** Routes that have deferred timers which are not due again yet; counted by {@link takeDeferrable}. */
  #deferring = 1;

  constructor(limits: FlowLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#total.inFlight;
  }

  get waiting(): number {
    return this.#total.waiting;
  }

  /** The number of destinations by breaker state: a destination is as unavailable as its endpoint or its route. */
  breakerStates(): Readonly<Record<BreakerState['kind'], number>> {
    const counts = { closed: 0, open: 0, 'half-open': 0 };
    for (const { breaker, routes } of this.#endpoints.values())
      for (const route of routes.values())
        counts[breaker.kind === 'closed' ? route.breaker.kind : breaker.kind] += 1;
    return counts;
  }

  /** Decides what happens to a due timer. After `start` the caller makes the attempt and returns the slot. */
  admit(item: Item, nowMs: number): Admission<Item> {
    const route = this.#routeOf(item.destination, nowMs);
    const blockedUntilMs = this.#blockedUntilMs(route, nowMs);
    if (blockedUntilMs !== undefined)
      return { kind: 'defer', untilMs: this.#deferralSlot(route, blockedUntilMs, nowMs) };
    if (!fitsInMemory(this.#limits, this.#total, route.endpoint, item.bytes))
      return { kind: 'defer', untilMs: this.#deferralSlot(route, nowMs + DEFERRAL_MS, nowMs) };
    if (route.waiting.size === 0 && this.#hasFreeSlot(route))
      return { kind: 'start', slot: this.#begin(route, item.bytes, nowMs) };
    if (!this.#mayWait(route, nowMs))
      return { kind: 'defer', untilMs: this.#deferralSlot(route, nowMs + DEFERRAL_MS, nowMs) };
    this.#push(route, item, nowMs);
    return { kind: 'wait' };
  }

  /** To be called once for each slot. */
  ended(slot: Slot<Item>, outcome: Outcome, nowMs: number): void {
    const { route } = slot;
    const { endpoint } = route;
    route.inFlight -= 1;
    endpoint.inFlight -= 1;
    this.#total.inFlight -= 1;
    this.#addBytes(endpoint, -slot.bytes);
    if (outcome.kind !== 'withdrawn') for (const { rate } of [route, endpoint]) rate.completed(nowMs);
    const availability = availabilityOf(outcome, slot.isEndpointTrial);
    const retryAfterMs = outcome.kind === 'retryable' ? (outcome.retryAfterMs ?? 0) : 0;
    endpoint.breaker = afterAttempt(endpoint.breaker, availability.endpoint, slot.isEndpointTrial, 0, nowMs);
    route.breaker = afterAttempt(route.breaker, availability.route, slot.isRouteTrial, retryAfterMs, nowMs);
  }

  /** The next waiting timer that may start, each route in turn; to be called until there is none. */
  next(nowMs: number): Startable<Item> | undefined {
    for (const route of this.#turns) {
      if (this.#total.inFlight >= this.#limits.maxInFlight) return undefined;
      if (!this.#hasFreeSlot(route) || this.#blockedUntilMs(route, nowMs) !== undefined) continue;
      const item = route.waiting.shift();
      if (item === undefined) continue;
      // After its turn the route goes to the end, if it has more timers.
      this.#turns.delete(route);
      if (route.waiting.size > 0) this.#turns.add(route);
      this.#removed(route, [item]);
      return { item, slot: this.#begin(route, item.bytes, nowMs) };
    }
    return undefined;
  }

  /** Removes and returns timers that would wait too long; to be called a few times per second. */
  takeDeferrable(nowMs: number): Deferred<Item>[] {
    this.#deferring = this.#countDeferring(nowMs);
    const deferred: Deferred<Item>[] = [];
    for (const route of this.#turns) {
      const blockedUntilMs = this.#blockedUntilMs(route, nowMs);
      const keep = blockedUntilMs === undefined ? this.#longestQueue(route, nowMs) : 0;
      const untilMs = blockedUntilMs ?? nowMs + DEFERRAL_MS;
      for (const item of this.#cutQueue(route, keep))
        deferred.push({ item, untilMs: this.#deferralSlot(route, untilMs, nowMs) });
    }
    return deferred;
  }

  /** Removes and returns every waiting timer. */
  takeWaiting(): Item[] {
    return [...this.#turns].flatMap((route) => this.#cutQueue(route, 0));
  }

  /** Removes destinations that are not used any more; to be called regularly. */
  removeIdle(nowMs: number): void {
    const isOpen = (breaker: BreakerState) =>
      breaker.kind === 'open' && nowMs < breaker.untilMs + IDLE_LIMIT_MS;
    for (const endpoint of this.#endpoints.values()) {
      for (const route of endpoint.routes.values()) {
        const isUsed =
          route.inFlight > 0 || route.waiting.size > 0 || nowMs - route.lastUsedMs < IDLE_LIMIT_MS;
        if (!isUsed && !isOpen(route.breaker)) endpoint.routes.delete(route.key);
      }
      if (endpoint.routes.size === 0 && !isOpen(endpoint.breaker)) this.#endpoints.delete(endpoint.key);
    }
  }

  #routeOf(destination: Destination, nowMs: number): Route<Item> {
    let endpoint = this.#endpoints.get(destination.endpoint);
    if (endpoint === undefined) {
      endpoint = {
        key: destination.endpoint,
        routes: new Map(),
        rate: new CompletionRate(nowMs),
        breaker: CLOSED,
        inFlight: 0,
        waitingSinceMs: nowMs,
        waiting: 0,
        bytes: 0,
      };
      this.#endpoints.set(endpoint.key, endpoint);
    }
    let route = endpoint.routes.get(destination.route);
    if (route === undefined) {
      route = {
        key: destination.route,
        endpoint,
        waiting: new RingBuffer(),
        rate: new CompletionRate(nowMs),
        breaker: CLOSED,
        inFlight: 0,
        waitingSinceMs: nowMs,
        lastDeferralMs: Number.NEGATIVE_INFINITY,
        lastUsedMs: nowMs,
      };
      endpoint.routes.set(route.key, route);
    }
    return route;
  }

  /** Until when the breakers of the route and its endpoint let no attempt start; undefined: one may start now. */
  #blockedUntilMs({ breaker, endpoint }: Route<Item>, nowMs: number): number | undefined {
    for (const state of [breaker, endpoint.breaker]) {
      const permission = permissionOf(state, nowMs);
      if (typeof permission === 'object') return permission.untilMs;
    }
    return undefined;
  }

  #hasFreeSlot(route: Route<Item>): boolean {
    return hasFreeSlot(this.#limits, this.#total, route.endpoint, route.inFlight);
  }

  #begin(route: Route<Item>, bytes: number, nowMs: number): Slot<Item> {
    const { endpoint } = route;
    const isEndpointTrial = permissionOf(endpoint.breaker, nowMs) === 'trial';
    const isRouteTrial = permissionOf(route.breaker, nowMs) === 'trial';
    if (isEndpointTrial) endpoint.breaker = trialStarted(endpoint.breaker, nowMs);
    if (isRouteTrial) route.breaker = trialStarted(route.breaker, nowMs);
    route.inFlight += 1;
    route.lastUsedMs = nowMs;
    endpoint.inFlight += 1;
    this.#total.inFlight += 1;
    this.#addBytes(endpoint, bytes);
    return { route, bytes, isEndpointTrial, isRouteTrial };
  }

  #push(route: Route<Item>, item: Item, nowMs: number): void {
    if (route.waiting.size === 0) route.waitingSinceMs = nowMs;
    if (route.endpoint.waiting === 0) route.endpoint.waitingSinceMs = nowMs;
    route.waiting.push(item);
    route.lastUsedMs = nowMs;
    route.endpoint.waiting += 1;
    this.#total.waiting += 1;
    this.#addBytes(route.endpoint, item.bytes);
    this.#turns.add(route);
  }

  #removed({ endpoint }: Route<Item>, items: readonly Item[]): void {
    endpoint.waiting -= items.length;
    this.#total.waiting -= items.length;
    for (const { bytes } of items) this.#addBytes(endpoint, -bytes);
  }

  #addBytes(endpoint: Endpoint<Item>, bytes: number): void {
    endpoint.bytes += bytes;
    this.#total.bytes += bytes;
  }

  /** One route may use its share, or more if it completes them soon. */
  #mayWait(route: Route<Item>, nowMs: number): boolean {
    if (this.#total.waiting >= this.#limits.maxWaiting) return false;
    const share = Math.max(waitingLimit(this.#limits, this.#total), completedSoon(route, nowMs));
    return route.waiting.size < Math.min(share, this.#longestQueue(route, nowMs));
  }

  /** How many timers may wait for a route: no more than it and its endpoint complete soon, once that is known. */
  #longestQueue(route: Route<Item>, nowMs: number): number {
    const { endpoint } = route;
    return Math.min(
      route.waiting.size > 0 && isRateKnown(route, nowMs) ? completedSoon(route, nowMs) : Infinity,
      endpoint.waiting > 0 && isRateKnown(endpoint, nowMs) ? completedSoon(endpoint, nowMs) : Infinity,
    );
  }

  #deferralSlot(route: Route<Item>, fromMs: number, nowMs: number): number {
    const perSecond = route.rate.perSecond(nowMs);
    const spacingMs = Math.min(DEFERRAL_SPACING_MS * this.#deferring, 1_000 / perSecond);
    route.lastDeferralMs = Math.max(fromMs, route.lastDeferralMs + spacingMs);
    return route.lastDeferralMs;
  }

  #countDeferring(nowMs: number): number {
    let count = 0;
    for (const { routes } of this.#endpoints.values())
      for (const { lastDeferralMs } of routes.values()) if (lastDeferralMs > nowMs) count += 1;
    return Math.max(1, count);
  }

  /** Keeps the `keep` timers that have waited longest; removes and returns the others in order. */
  #cutQueue(route: Route<Item>, keep: number): Item[] {
    const taken = route.waiting.cut(keep);
    this.#removed(route, taken);
    if (route.waiting.size === 0) this.#turns.delete(route);
    return taken;
  }
}
