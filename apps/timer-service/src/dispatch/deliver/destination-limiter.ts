import type { Destination, Outcome } from '../../transports/transport.ts';
import { availabilityOf } from './availability.ts';
import { afterAttempt, type BreakerState, CLOSED, permissionOf, trialStarted } from './circuit-breaker.ts';
import { CompletionRate } from './completion-rate.ts';
import type { OwnLimits } from './destination-settings.ts';
import { fitsInMemory, type FlowLimits, hasFreeSlot, waitingLimit } from './fair-share.ts';
import { RateLimit } from './rate-limit.ts';
import { RingBuffer } from './ring-buffer.ts';

/** What the limiter needs to know of a timer. */
export interface Limited {
  readonly destination: Destination;
  readonly bytes: number;
}

/** Permission for one attempt, returned when it has ended. */
export interface Slot<Item> {
  readonly route: Route<Item>;
  readonly named: Named<Item>;
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
  | { readonly kind: 'defer'; readonly untilMs: number }
  /** It is released until operators resume its destination. */
  | { readonly kind: 'park' };

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
/** How long a timer is deferred if the limit of its destination leaves no attempt to this dispatcher, but some to others. */
const NO_SHARE_MS = 250;
/**
 * The deferred timers of a destination with a rate become due at that rate, up to this far ahead; further ones get the same
 * instants again. So none waits much longer than this for a rate that operators have raised since.
 */
const FARTHEST_TURN_MS = 600_000;
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

/** A destination as operators name it: timers of several routes and endpoints may have one, and a route those of several. */
interface Named<Item> {
  readonly name: string;
  limits: NamedLimits | undefined;
  inFlight: number;
  waiting: number;
  lastUsedMs: number;
  /** The routes of its timers, and the one that was used last. */
  readonly routes: Set<Route<Item>>;
  lastRoute: Route<Item> | undefined;
}

interface NamedLimits {
  isPaused: boolean;
  maxInFlight: number;
  rate: RateLimit | undefined;
  /** At which the timers become due again that this dispatcher defers: others may have less to do. */
  turnIntervalMs: number;
  lastTurnMs: number;
}

/** What this dispatcher does with a destination. */
export interface DestinationLoad {
  readonly name: string;
  readonly inFlight: number;
  readonly waiting: number;
  /** The worst of its breakers. */
  readonly breaker: BreakerState['kind'];
  /** Until when it lets no attempt start, by the monotonic clock. */
  readonly openUntilMs: number | undefined;
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
  /** The destination, if operators have limited it: its timers then have routes of their own. */
  readonly limited: Named<Item> | undefined;
  readonly waiting: RingBuffer<Item>;
  lastDeferralMs: number;
  lastUsedMs: number;
}

/** How many timers are completed within {@link WAIT_MS}. At least one, so that the rate becomes known. */
function completedSoon({ rate }: Queue, nowMs: number): number {
  return Math.max(1, Math.ceil((rate.perSecond(nowMs) * WAIT_MS) / 1_000));
}

/** Takes the limits over; returns whether waiting timers have to be admitted again. */
function changeLimits<Item>(named: Named<Item>, own: OwnLimits, nowMs: number): boolean {
  const { isPaused, ratePerSecond, totalPerSecond = Infinity, maxInFlight = Infinity } = own;
  const turnIntervalMs = 1_000 / totalPerSecond;
  const { limits } = named;
  if (limits === undefined) {
    const rate = ratePerSecond === undefined ? undefined : new RateLimit(ratePerSecond);
    named.limits = { isPaused, maxInFlight, rate, turnIntervalMs, lastTurnMs: Number.NEGATIVE_INFINITY };
    return true;
  }
  const isOther =
    limits.isPaused !== isPaused || (limits.rate === undefined) !== (ratePerSecond === undefined);
  limits.isPaused = isPaused;
  limits.maxInFlight = maxInFlight;
  if (limits.turnIntervalMs !== turnIntervalMs) limits.lastTurnMs = Number.NEGATIVE_INFINITY;
  limits.turnIntervalMs = turnIntervalMs;
  if (ratePerSecond === undefined) limits.rate = undefined;
  else if (limits.rate === undefined) limits.rate = new RateLimit(ratePerSecond);
  else limits.rate.change(ratePerSecond, nowMs);
  return isOther;
}

function isWithinLimits<Item>({ limits, inFlight }: Named<Item>, nowMs: number): boolean {
  if (limits === undefined) return true;
  return !limits.isPaused && inFlight < limits.maxInFlight && (limits.rate?.isFree(nowMs) ?? true);
}

/** The next turn of a destination with a rate, from this instant on: after those that were given to timers before. */
function nextTurn(limits: NamedLimits, fromMs: number, nowMs: number): number {
  const farthestMs = nowMs + FARTHEST_TURN_MS;
  const firstMs = Math.min(fromMs, farthestMs);
  const turnMs = Math.max(firstMs, limits.lastTurnMs + limits.turnIntervalMs);
  limits.lastTurnMs = turnMs > farthestMs ? firstMs : turnMs;
  return limits.lastTurnMs;
}

/** The worst state of the breakers of a destination: a route is as unavailable as its endpoint. */
function worstBreaker<Item>(
  { routes }: Named<Item>,
  nowMs: number,
): Pick<DestinationLoad, 'breaker' | 'openUntilMs'> {
  let isHalfOpen = false;
  let openUntilMs: number | undefined;
  for (const route of routes)
    for (const state of [route.breaker, route.endpoint.breaker]) {
      if (state.kind === 'half-open') isHalfOpen = true;
      if (state.kind === 'open') openUntilMs = Math.max(openUntilMs ?? nowMs, state.untilMs);
    }
  if (openUntilMs !== undefined) return { breaker: 'open', openUntilMs };
  return { breaker: isHalfOpen ? 'half-open' : 'closed', openUntilMs };
}

/** Whether timers have waited for so long that the rate tells how many more may. */
function isRateKnown({ waitingSinceMs }: Queue, nowMs: number): boolean {
  return nowMs - waitingSinceMs >= PATIENCE_MS;
}

/**
 * Decides which due timers may start, so that slow or unavailable destinations do not delay the others. Endpoints share
 * the attempts under way and the memory, the routes of an endpoint share what it gets, and each endpoint and each route
 * has a circuit breaker. Timers that wait do so in a short queue per route, served in turn. What operators have set for a
 * destination comes on top: {@link change}.
 *
 * Does no I/O. Times are milliseconds of a monotonic clock.
 */
export class DestinationLimiter<Item extends Limited> {
  readonly #limits: FlowLimits;
  readonly #endpoints = new Map<string, Endpoint<Item>>();
  readonly #named = new Map<string, Named<Item>>();
  /** Those with a rate and waiting timers. */
  readonly #paced = new Set<Named<Item>>();
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
    const named = this.#namedOf(item.destination.name, nowMs);
    if (named.limits?.isPaused === true) return { kind: 'park' };
    const route = this.#routeOf(item.destination, named, nowMs);
    const blockedUntilMs = this.#blockedUntilMs(route, nowMs);
    if (blockedUntilMs !== undefined)
      return { kind: 'defer', untilMs: this.#deferralSlot(route, blockedUntilMs, nowMs) };
    if (!fitsInMemory(this.#limits, this.#total, route.endpoint, item.bytes))
      return { kind: 'defer', untilMs: this.#deferralSlot(route, undefined, nowMs) };
    if (route.waiting.size === 0 && this.#hasFreeSlot(route, nowMs))
      return { kind: 'start', slot: this.#begin(route, item, nowMs) };
    if (!this.#mayWait(route, nowMs))
      return { kind: 'defer', untilMs: this.#deferralSlot(route, undefined, nowMs) };
    this.#push(route, item, nowMs);
    return { kind: 'wait' };
  }

  /** To be called once for each slot. */
  ended(slot: Slot<Item>, outcome: Outcome, nowMs: number): void {
    const { route, named } = slot;
    const { endpoint } = route;
    named.inFlight -= 1;
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
      if (!this.#hasFreeSlot(route, nowMs) || this.#blockedUntilMs(route, nowMs) !== undefined) continue;
      const item = route.waiting.shift();
      if (item === undefined) continue;
      // After its turn the route goes to the end, if it has more timers.
      this.#turns.delete(route);
      if (route.waiting.size > 0) this.#turns.add(route);
      this.#removed(route, [item]);
      return { item, slot: this.#begin(route, item, nowMs) };
    }
    return undefined;
  }

  /**
   * When the rate of a destination next lets a waiting timer start; Infinity: none waits for that. Always later than now:
   * where a timer could start by its rate, it waits for something else.
   */
  nextTurnMs(nowMs: number): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { limits } of this.#paced)
      if (limits?.rate !== undefined && limits.rate.nextMs > nowMs)
        earliestMs = Math.min(earliestMs, limits.rate.nextMs);
    return earliestMs;
  }

  /**
   * What operators have set from now on, by destination. Removes and returns the waiting timers that have to be admitted
   * again.
   */
  change(limits: ReadonlyMap<string, OwnLimits>, nowMs: number): Item[] {
    const changed = new Set<Named<Item>>();
    for (const named of this.#named.values())
      if (named.limits !== undefined && !limits.has(named.name)) {
        named.limits = undefined;
        changed.add(named);
      }
    for (const [name, own] of limits) {
      const named = this.#namedOf(name, nowMs);
      if (changeLimits(named, own, nowMs)) changed.add(named);
    }
    if (changed.size === 0) return [];
    return [...this.#turns].flatMap((route) => this.#takeFrom(route, changed));
  }

  /** What this dispatcher does with each destination that it has used lately. */
  destinationLoads(nowMs: number): DestinationLoad[] {
    return [...this.#named.values()].map((named) => {
      const { name, inFlight, waiting } = named;
      return { name, inFlight, waiting, ...worstBreaker(named, nowMs) };
    });
  }

  /** Removes and returns timers that would wait too long; to be called a few times per second. */
  takeDeferrable(nowMs: number): Deferred<Item>[] {
    this.#deferring = this.#countDeferring(nowMs);
    const deferred: Deferred<Item>[] = [];
    for (const route of this.#turns) {
      const blockedUntilMs = this.#blockedUntilMs(route, nowMs);
      const keep = blockedUntilMs === undefined ? this.#longestQueue(route, nowMs) : 0;
      for (const item of this.#cutQueue(route, keep))
        deferred.push({ item, untilMs: this.#deferralSlot(route, blockedUntilMs, nowMs) });
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
    for (const named of this.#named.values()) {
      for (const route of named.routes)
        if (route.endpoint.routes.get(route.key) !== route) {
          named.routes.delete(route);
          named.lastRoute = undefined;
        }
      const isUsed = named.inFlight > 0 || named.waiting > 0 || nowMs - named.lastUsedMs < IDLE_LIMIT_MS;
      if (!isUsed && named.limits === undefined && named.routes.size === 0) this.#named.delete(named.name);
    }
  }

  #namedOf(name: string, nowMs: number): Named<Item> {
    let named = this.#named.get(name);
    if (named === undefined) {
      named = {
        name,
        limits: undefined,
        inFlight: 0,
        waiting: 0,
        lastUsedMs: nowMs,
        routes: new Set(),
        lastRoute: undefined,
      };
      this.#named.set(name, named);
    }
    return named;
  }

  #routeOf(destination: Destination, named: Named<Item>, nowMs: number): Route<Item> {
    const limited = named.limits === undefined ? undefined : named;
    const key =
      limited === undefined ? destination.route : `${destination.route} ${JSON.stringify(limited.name)}`;
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
    let route = endpoint.routes.get(key);
    if (route === undefined) {
      route = {
        key,
        endpoint,
        limited,
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
    if (named.lastRoute !== route) {
      named.routes.add(route);
      named.lastRoute = route;
    }
    return route;
  }

  /**
   * Until when the breakers of the route and its endpoint let no attempt start, or no attempt is left to this dispatcher;
   * undefined: one may start now.
   */
  #blockedUntilMs({ breaker, endpoint, limited }: Route<Item>, nowMs: number): number | undefined {
    if (limited?.limits?.maxInFlight === 0) return nowMs + NO_SHARE_MS;
    for (const state of [breaker, endpoint.breaker]) {
      const permission = permissionOf(state, nowMs);
      if (typeof permission === 'object') return permission.untilMs;
    }
    return undefined;
  }

  #hasFreeSlot(route: Route<Item>, nowMs: number): boolean {
    if (route.limited !== undefined && !isWithinLimits(route.limited, nowMs)) return false;
    return hasFreeSlot(this.#limits, this.#total, route.endpoint, route.inFlight);
  }

  #begin(route: Route<Item>, { destination, bytes }: Item, nowMs: number): Slot<Item> {
    const { endpoint } = route;
    const named = route.limited ?? this.#namedOf(destination.name, nowMs);
    named.limits?.rate?.started(nowMs);
    named.inFlight += 1;
    named.lastUsedMs = nowMs;
    const isEndpointTrial = permissionOf(endpoint.breaker, nowMs) === 'trial';
    const isRouteTrial = permissionOf(route.breaker, nowMs) === 'trial';
    if (isEndpointTrial) endpoint.breaker = trialStarted(endpoint.breaker, nowMs);
    if (isRouteTrial) route.breaker = trialStarted(route.breaker, nowMs);
    route.inFlight += 1;
    route.lastUsedMs = nowMs;
    endpoint.inFlight += 1;
    this.#total.inFlight += 1;
    this.#addBytes(endpoint, bytes);
    return { route, named, bytes, isEndpointTrial, isRouteTrial };
  }

  #push(route: Route<Item>, item: Item, nowMs: number): void {
    if (route.waiting.size === 0) route.waitingSinceMs = nowMs;
    if (route.endpoint.waiting === 0) route.endpoint.waitingSinceMs = nowMs;
    route.waiting.push(item);
    route.lastUsedMs = nowMs;
    const named = route.limited ?? this.#namedOf(item.destination.name, nowMs);
    named.waiting += 1;
    named.lastUsedMs = nowMs;
    if (named.limits?.rate !== undefined) this.#paced.add(named);
    route.endpoint.waiting += 1;
    this.#total.waiting += 1;
    this.#addBytes(route.endpoint, item.bytes);
    this.#turns.add(route);
  }

  #removed({ endpoint }: Route<Item>, items: readonly Item[]): void {
    endpoint.waiting -= items.length;
    this.#total.waiting -= items.length;
    for (const { bytes, destination } of items) {
      this.#addBytes(endpoint, -bytes);
      const named = this.#named.get(destination.name);
      if (named === undefined) continue;
      named.waiting -= 1;
      if (named.waiting === 0) this.#paced.delete(named);
    }
  }

  /** Removes and returns the waiting timers of these destinations. */
  #takeFrom(route: Route<Item>, destinations: ReadonlySet<Named<Item>>): Item[] {
    const isTaken = ({ destination }: Item) => {
      const named = this.#named.get(destination.name);
      return named !== undefined && destinations.has(named);
    };
    const items = route.waiting.cut(0);
    const taken = items.filter(isTaken);
    for (const item of items) if (!isTaken(item)) route.waiting.push(item);
    this.#removed(route, taken);
    if (route.waiting.size === 0) this.#turns.delete(route);
    return taken;
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
    const { endpoint, limited } = route;
    const perSecond = limited?.limits?.rate?.perSecond;
    return Math.min(
      // Of all routes of the destination, less those that wait for others of them.
      limited === undefined || perSecond === undefined
        ? Infinity
        : Math.max(
            0,
            Math.max(1, Math.ceil((perSecond * WAIT_MS) / 1_000)) - limited.waiting + route.waiting.size,
          ),
      route.waiting.size > 0 && isRateKnown(route, nowMs) ? completedSoon(route, nowMs) : Infinity,
      endpoint.waiting > 0 && isRateKnown(endpoint, nowMs) ? completedSoon(endpoint, nowMs) : Infinity,
    );
  }

  /** When a deferred timer is due again: when its route may be available again, or if it is only slow, later. */
  #deferralSlot(route: Route<Item>, blockedUntilMs: number | undefined, nowMs: number): number {
    const limits = route.limited?.limits;
    if (limits?.rate !== undefined) {
      const waitMs = (route.limited?.waiting ?? 0) * limits.rate.intervalMs;
      const fromMs = Math.max(blockedUntilMs ?? nowMs + WAIT_MS, limits.rate.nextMs + waitMs);
      return nextTurn(limits, fromMs, nowMs);
    }
    const fromMs = blockedUntilMs ?? nowMs + DEFERRAL_MS;
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
