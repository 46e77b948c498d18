import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { delivered, REFUSED, retryable } from '../../transports/outcome.ts';
import type { Outcome } from '../../transports/transport.ts';
import { DestinationLimiter, type Limited, type Slot } from './destination-limiter.ts';
import type { FlowLimits } from './fair-share.ts';

interface Item extends Limited {
  readonly name: string;
}

const DELIVERED = delivered(200);
const ENDPOINT_FAILED = retryable('connection refused', { unavailable: 'endpoint' });
const ROUTE_FAILED = retryable('HTTP 503', { statusCode: 503, unavailable: 'route' });

function item(endpoint: string, route = 'route', more: { name?: string; bytes?: number } = {}): Item {
  return {
    destination: { name: endpoint, endpoint, route },
    bytes: 1,
    name: `${endpoint}/${route}`,
    ...more,
  };
}

function make(more: Partial<FlowLimits> = {}): DestinationLimiter<Item> {
  const limits = {
    maxInFlight: 1_000,
    maxInFlightPerDestination: 250,
    maxWaiting: 2_000,
    maxBytes: 1_000_000,
  };
  return new DestinationLimiter<Item>({ ...limits, ...more });
}

/** Admits an item that must start. */
function start(limiter: DestinationLimiter<Item>, one: Item, nowMs = 0): Slot<Item> {
  const admission = limiter.admit(one, nowMs);
  if (admission.kind !== 'start') throw new Error(`${one.name}: ${admission.kind}`);
  return admission.slot;
}

function startMany(limiter: DestinationLimiter<Item>, one: Item, times: number, nowMs = 0): Slot<Item>[] {
  return Array.from({ length: times }, () => start(limiter, one, nowMs));
}

/** Admits items; returns how many were started, wait and were deferred. */
function admitMany(limiter: DestinationLimiter<Item>, one: Item, times: number, nowMs = 0) {
  const counts = { start: 0, wait: 0, defer: 0 };
  for (let n = 0; n < times; n += 1) {
    const { kind } = limiter.admit(one, nowMs);
    if (kind === 'park') throw new Error('no destination is paused');
    counts[kind] += 1;
  }
  return counts;
}

/** Lets ten attempts end like this, which opens a breaker if they failed. */
function endTen(limiter: DestinationLimiter<Item>, one: Item, outcome: Outcome, nowMs = 0): void {
  for (const slot of startMany(limiter, one, 10, nowMs)) limiter.ended(slot, outcome, nowMs);
}

function drain(limiter: DestinationLimiter<Item>, nowMs: number): { item: Item; slot: Slot<Item> }[] {
  const started: { item: Item; slot: Slot<Item> }[] = [];
  for (let next = limiter.next(nowMs); next !== undefined; next = limiter.next(nowMs)) started.push(next);
  return started;
}

describe('slots', () => {
  test('timers start up to the limit of their destination, then wait', () => {
    const limiter = make({ maxInFlightPerDestination: 10 });
    expect(admitMany(limiter, item('a'), 12)).toEqual({ start: 8, wait: 4, defer: 0 });
    expect(admitMany(limiter, item('a', 'other'), 3)).toEqual({ start: 2, wait: 1, defer: 0 });
    expect(limiter).toMatchObject({ inFlight: 10, waiting: 5 });
    expect(admitMany(limiter, item('b'), 1)).toEqual({ start: 1, wait: 0, defer: 0 });
  });

  test('four endpoints that take 25 s to respond leave slots and memory for a fifth', () => {
    const limiter = make();
    for (let second = 0; second < 25; second += 1)
      for (const endpoint of ['a', 'b', 'c', 'd']) {
        admitMany(limiter, item(endpoint), 500, second * 1_000);
        limiter.takeDeferrable(second * 1_000 + 999);
        drain(limiter, second * 1_000 + 999);
      }
    expect(admitMany(limiter, item('e'), 50, 25_000)).toEqual({ start: 50, wait: 0, defer: 0 });
  });

  test('a timer waits behind those of its route that came earlier, even if a slot is free', () => {
    const limiter = make({ maxInFlightPerDestination: 1 });
    const slot = start(limiter, item('a'));
    expect(limiter.admit(item('a', 'route', { name: 'first' }), 0).kind).toBe('wait');
    limiter.ended(slot, DELIVERED, 1);
    expect(limiter.admit(item('a', 'route', { name: 'second' }), 1).kind).toBe('wait');
    expect(limiter.next(1)?.item.name).toBe('first');
  });

  test('routes with waiting timers start in turn', () => {
    const limiter = make({ maxInFlight: 1 });
    let slot = start(limiter, item('a'));
    for (const route of ['1', '1', '1', '2', '2', '3']) limiter.admit(item('b', route), 0);
    const order: string[] = [];
    for (;;) {
      limiter.ended(slot, DELIVERED, 1);
      const next = limiter.next(1);
      if (next === undefined) break;
      order.push(next.item.destination.route);
      slot = next.slot;
    }
    expect(order).toEqual(['1', '2', '3', '1', '2', '1']);
  });

  test('a route that may not start does not hold up those behind it', () => {
    const limiter = make({ maxInFlightPerDestination: 2 });
    startMany(limiter, item('a'), 2);
    const [slot] = startMany(limiter, item('b'), 2);
    admitMany(limiter, item('a'), 1);
    admitMany(limiter, item('b'), 1);
    if (slot !== undefined) limiter.ended(slot, DELIVERED, 1);
    expect(drain(limiter, 1).map((started) => started.item.name)).toEqual(['b/route']);
  });
});

describe('waiting and deferral', () => {
  test('no timer waits where none may', () => {
    const limiter = make({ maxWaiting: 0, maxInFlightPerDestination: 1 });
    start(limiter, item('a'));
    expect(limiter.admit(item('a'), 100)).toEqual({ kind: 'defer', untilMs: 1_100 });
  });

  test('the waiting timers of one route take half of the queue', () => {
    const limiter = make({ maxInFlightPerDestination: 1, maxWaiting: 100 });
    expect(admitMany(limiter, item('a'), 100)).toEqual({ start: 1, wait: 50, defer: 49 });
    expect(admitMany(limiter, item('b'), 100)).toEqual({ start: 1, wait: 25, defer: 74 });
  });

  test('after half a second, a route that completes nothing keeps one waiting timer, the first', () => {
    const limiter = make({ maxInFlightPerDestination: 1 });
    start(limiter, item('a'));
    for (let n = 0; n < 5; n += 1) limiter.admit(item('a', 'route', { name: `${n}` }), 0);
    expect(limiter.takeDeferrable(499)).toEqual([]);
    const deferred = limiter.takeDeferrable(500);
    expect(deferred.map((one) => one.item.name)).toEqual(['1', '2', '3', '4']);
    expect(limiter.admit(item('a'), 501).kind).toBe('defer');
    expect(limiter.takeWaiting().map(({ name }) => name)).toEqual(['0']);
  });

  test('after half a second, a route keeps as many waiting timers as it completes in half a second', () => {
    const limiter = make({ maxInFlightPerDestination: 100 });
    const slots = startMany(limiter, item('a'), 80);
    expect(admitMany(limiter, item('a'), 200)).toEqual({ start: 0, wait: 200, defer: 0 });
    for (const slot of slots.slice(0, 40)) limiter.ended(slot, DELIVERED, 500);
    expect(drain(limiter, 500)).toHaveLength(40);
    expect(limiter.takeDeferrable(1_100)).toHaveLength(160 - 20);
    expect(limiter.waiting).toBe(20);
  });

  test('withdrawn attempts are no completions', () => {
    const limiter = make({ maxInFlightPerDestination: 10 });
    const slots = startMany(limiter, item('a'), 8);
    admitMany(limiter, item('a'), 20);
    for (const slot of slots) limiter.ended(slot, REFUSED, 900);
    expect(drain(limiter, 900)).toHaveLength(8);
    expect(limiter.takeDeferrable(1_000)).toHaveLength(11);
    expect(limiter.waiting).toBe(1);
  });

  test('many slow routes of one endpoint do not add up', () => {
    const limiter = make({ maxInFlightPerDestination: 1 });
    start(limiter, item('a', 'hangs'));
    for (let n = 0; n < 20; n += 1) limiter.admit(item('a', `path ${n}`), 0);
    expect(limiter.admit(item('a', 'another path'), 499).kind).toBe('wait');
    expect(limiter.admit(item('a', 'hangs'), 500).kind).toBe('wait');
    expect(limiter.admit(item('a', 'hangs'), 501).kind).toBe('defer');
  });

  test('deferred timers of a route that completes many become due at its rate', () => {
    const limiter = make({ maxWaiting: 0, maxInFlightPerDestination: 1 });
    for (let n = 0; n < 2_000; n += 1) limiter.ended(start(limiter, item('a')), DELIVERED, 0);
    start(limiter, item('a'));
    const admissions = Array.from({ length: 3 }, () => limiter.admit(item('a'), 100));
    expect(admissions).toEqual([1_100, 1_100.05, 1_100.1].map((untilMs) => ({ kind: 'defer', untilMs })));
  });

  test('deferred timers of one route become due two milliseconds apart', () => {
    const limiter = make({ maxWaiting: 0, maxInFlightPerDestination: 1 });
    start(limiter, item('a'));
    const admissions = Array.from({ length: 4 }, () => limiter.admit(item('a'), 100));
    expect(admissions).toEqual([1_100, 1_102, 1_104, 1_106].map((untilMs) => ({ kind: 'defer', untilMs })));
  });

  test('the deferred timers of many routes share that spacing', () => {
    const limiter = make({ maxWaiting: 0, maxInFlightPerDestination: 1 });
    for (const endpoint of ['a', 'b', 'c']) admitMany(limiter, item(endpoint), 2);
    limiter.takeDeferrable(100);
    const admissions = ['a', 'a', 'b', 'b'].map((endpoint) => limiter.admit(item(endpoint), 500));
    expect(admissions).toEqual([1_500, 1_506, 1_500, 1_506].map((untilMs) => ({ kind: 'defer', untilMs })));
    // Those of the first round are due by then, and nobody else has deferred any.
    limiter.takeDeferrable(10_000);
    const later = ['a', 'a'].map((endpoint) => limiter.admit(item(endpoint), 10_000));
    expect(later).toEqual([11_000, 11_002].map((untilMs) => ({ kind: 'defer', untilMs })));
  });

  test('takeWaiting removes every waiting timer', () => {
    const limiter = make({ maxInFlightPerDestination: 1 });
    for (const endpoint of ['a', 'b']) admitMany(limiter, item(endpoint), 3);
    expect(limiter.takeWaiting()).toHaveLength(4);
    expect(limiter).toMatchObject({ inFlight: 2, waiting: 0 });
    expect(limiter.takeWaiting()).toEqual([]);
  });
});

describe('memory', () => {
  test('an endpoint alone gets two thirds of it; another one gets its part of the rest', () => {
    const limiter = make({ maxBytes: 900 });
    expect(admitMany(limiter, item('a', 'route', { bytes: 100 }), 10)).toEqual({
      start: 6,
      wait: 0,
      defer: 4,
    });
    expect(admitMany(limiter, item('b', 'route', { bytes: 100 }), 10)).toEqual({
      start: 2,
      wait: 0,
      defer: 8,
    });
  });

  test('each endpoint may hold one callback of any size', () => {
    const limiter = make({ maxBytes: 900 });
    const huge = { bytes: 10_000 };
    expect(admitMany(limiter, item('a', 'route', huge), 2)).toEqual({ start: 1, wait: 0, defer: 1 });
    expect(admitMany(limiter, item('b', 'route', huge), 2)).toEqual({ start: 1, wait: 0, defer: 1 });
  });

  test('waiting timers count, and the memory is free again when an attempt ends or a timer is taken', () => {
    const limiter = make({ maxBytes: 900, maxInFlightPerDestination: 1 });
    const one = item('a', 'route', { bytes: 100 });
    const slot = start(limiter, one);
    expect(admitMany(limiter, one, 10)).toEqual({ start: 0, wait: 5, defer: 5 });
    limiter.ended(slot, DELIVERED, 1);
    expect(admitMany(limiter, one, 10, 1)).toEqual({ start: 0, wait: 1, defer: 9 });
    limiter.takeWaiting();
    expect(admitMany(limiter, one, 10, 1)).toEqual({ start: 1, wait: 5, defer: 4 });
  });
});

describe('circuit breakers', () => {
  test('a failing endpoint blocks all of its routes, and admits one trial', () => {
    const limiter = make();
    start(limiter, item('a', 'other'));
    endTen(limiter, item('a'), ENDPOINT_FAILED);
    expect(limiter.breakerStates()).toEqual({ closed: 0, open: 2, 'half-open': 0 });
    expect(limiter.admit(item('a', 'other'), 500)).toEqual({ kind: 'defer', untilMs: 1_000 });
    const slot = start(limiter, item('a', 'other'), 1_000);
    expect(slot).toMatchObject({ isEndpointTrial: true, isRouteTrial: false });
    expect(limiter.breakerStates()).toEqual({ closed: 0, open: 0, 'half-open': 2 });
    expect(limiter.admit(item('a'), 1_000).kind).toBe('defer');
    limiter.ended(slot, DELIVERED, 1_010);
    expect(start(limiter, item('a'), 1_010)).toMatchObject({ isEndpointTrial: false, isRouteTrial: false });
    expect(limiter.breakerStates()).toEqual({ closed: 2, open: 0, 'half-open': 0 });
  });

  test('a failing route does not stop the other routes of its endpoint', () => {
    const limiter = make();
    endTen(limiter, item('a', 'failing'), ROUTE_FAILED);
    expect(limiter.admit(item('a', 'failing'), 500)).toEqual({ kind: 'defer', untilMs: 1_000 });
    expect(start(limiter, item('a', 'healthy'), 500)).toMatchObject({
      isEndpointTrial: false,
      isRouteTrial: false,
    });
    expect(limiter.breakerStates()).toEqual({ closed: 1, open: 1, 'half-open': 0 });
    expect(start(limiter, item('a', 'failing'), 1_000)).toMatchObject({
      isEndpointTrial: false,
      isRouteTrial: true,
    });
  });

  test('Retry-After delays the route, not the endpoint', () => {
    const limiter = make();
    const busy = retryable('HTTP 429', { statusCode: 429, unavailable: 'route', retryAfterMs: 20_000 });
    endTen(limiter, item('a', 'busy'), busy);
    expect(limiter.admit(item('a', 'busy'), 500)).toEqual({ kind: 'defer', untilMs: 20_000 });
    start(limiter, item('a', 'other'), 500);
    endTen(limiter, item('b'), retryable('closed', { unavailable: 'endpoint', retryAfterMs: 20_000 }));
    expect(limiter.admit(item('b'), 500)).toEqual({ kind: 'defer', untilMs: 1_000 });
  });

  test('failures add up even if each attempt ends before the next one starts', () => {
    const limiter = make();
    let started = 0;
    for (let n = 0; n < 100; n += 1) {
      const admission = limiter.admit(item('a'), 0);
      if (admission.kind !== 'start') continue;
      started += 1;
      limiter.ended(admission.slot, ROUTE_FAILED, 0);
    }
    expect(started).toBe(10);
  });

  test('after a withdrawn trial the next attempt is the trial', () => {
    const limiter = make();
    endTen(limiter, item('a'), ROUTE_FAILED);
    limiter.ended(start(limiter, item('a'), 1_000), REFUSED, 1_001);
    expect(start(limiter, item('a'), 1_002)).toMatchObject({ isRouteTrial: true });
  });

  test('when a breaker opens, timers that wait are deferred until it may close', () => {
    const limiter = make({ maxInFlightPerDestination: 10 });
    const slots = [...startMany(limiter, item('a'), 8), ...startMany(limiter, item('a', 'other'), 2)];
    admitMany(limiter, item('a'), 3);
    for (const slot of slots) limiter.ended(slot, ENDPOINT_FAILED, 0);
    expect(limiter.next(10)).toBeUndefined();
    expect(limiter.takeDeferrable(10).map(({ untilMs }) => untilMs)).toEqual([1_000, 1_002, 1_004]);
  });

  test('a waiting timer can be the trial', () => {
    const limiter = make({ maxInFlightPerDestination: 12 });
    const slots = startMany(limiter, item('a'), 10);
    admitMany(limiter, item('a'), 3);
    for (const slot of slots) limiter.ended(slot, ROUTE_FAILED, 0);
    expect(drain(limiter, 999)).toEqual([]);
    const trials = drain(limiter, 1_000);
    expect(trials.map(({ slot }) => slot.isRouteTrial)).toEqual([true]);
    expect(limiter.waiting).toBe(2);
  });
});

describe('removeIdle', () => {
  const count = (limiter: DestinationLimiter<Item>) => {
    const { closed, open, 'half-open': halfOpen } = limiter.breakerStates();
    return closed + open + halfOpen;
  };

  test('removes a destination ten seconds after its last use', () => {
    const limiter = make();
    limiter.ended(start(limiter, item('a'), 1_000), DELIVERED, 2_000);
    limiter.removeIdle(10_999);
    expect(count(limiter)).toBe(1);
    limiter.removeIdle(11_000);
    expect(count(limiter)).toBe(0);
  });

  test('keeps a destination with attempts under way or waiting timers', () => {
    const limiter = make({ maxInFlight: 1 });
    const slot = start(limiter, item('a'));
    admitMany(limiter, item('b'), 1);
    limiter.removeIdle(100_000);
    expect(count(limiter)).toBe(2);
    limiter.ended(slot, DELIVERED, 100_000);
    expect(drain(limiter, 100_000)).toHaveLength(1);
  });

  test.each([
    ['endpoint', ENDPOINT_FAILED],
    ['route', ROUTE_FAILED],
  ])('keeps the open breaker of an unused %s for ten seconds after it could have closed', (_, outcome) => {
    const limiter = make();
    endTen(limiter, item('a'), outcome);
    limiter.removeIdle(10_999);
    expect(limiter.admit(item('a'), 999).kind).toBe('defer');
    limiter.removeIdle(21_000);
    expect(count(limiter)).toBe(0);
  });

  test('an endpoint stays with its last route, and its slots are counted on', () => {
    const limiter = make({ maxInFlightPerDestination: 1 });
    start(limiter, item('a', 'slow'));
    admitMany(limiter, item('a', 'other'), 1);
    limiter.takeWaiting();
    limiter.removeIdle(20_000);
    expect(count(limiter)).toBe(1);
    expect(limiter.admit(item('a', 'other'), 20_000).kind).toBe('wait');
  });
});

/** Cheaper than expect, for checks after each event. */
function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule);
}

/** What a correct limiter must agree with: where each admitted item is. */
class Model {
  readonly running: { item: Item; slot: Slot<Item> }[] = [];
  readonly waiting = new Set<Item>();

  runningAt(endpoint: string): number {
    return this.running.filter((one) => one.item.destination.endpoint === endpoint).length;
  }
}

describe('any sequence of events', () => {
  const destination = fc.record({
    name: fc.constantFrom('x', 'y'),
    endpoint: fc.constantFrom('a', 'b', 'c'),
    route: fc.constantFrom('1', '2'),
  });
  const outcome = fc.constantFrom(DELIVERED, ENDPOINT_FAILED, ROUTE_FAILED, REFUSED);
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('admit' as const), destination, bytes: fc.nat(40) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), nth: fc.nat(), outcome }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('start waiting' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('defer' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(3_000) }) },
  );

  test('keeps the limits, and each item leaves once: started, deferred or taken', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 150, size: 'max' }), (events) => {
        const limiter = make({ maxInFlight: 6, maxInFlightPerDestination: 3, maxWaiting: 8, maxBytes: 200 });
        const model = new Model();
        let nowMs = 0;
        const leaves = (one: Item) => {
          must(model.waiting.delete(one), 'an item leaves that does not wait');
        };
        for (const step of events) {
          switch (step.do) {
            case 'pass':
              nowMs += step.ms;
              limiter.removeIdle(nowMs);
              break;
            case 'admit': {
              const one = { destination: step.destination, bytes: step.bytes, name: '' };
              const admission = limiter.admit(one, nowMs);
              if (admission.kind === 'start') model.running.push({ item: one, slot: admission.slot });
              if (admission.kind === 'wait') model.waiting.add(one);
              if (admission.kind === 'defer')
                must(admission.untilMs > nowMs, 'an item is deferred to the past');
              break;
            }
            case 'end': {
              const [ended] = model.running.splice(step.nth % Math.max(model.running.length, 1), 1);
              if (ended !== undefined) limiter.ended(ended.slot, step.outcome, nowMs);
              break;
            }
            case 'defer':
              for (const { item: one, untilMs } of limiter.takeDeferrable(nowMs)) {
                leaves(one);
                must(untilMs > nowMs, 'an item is deferred to the past');
              }
              break;
            case 'start waiting':
              for (const started of drain(limiter, nowMs)) {
                leaves(started.item);
                model.running.push(started);
              }
              break;
          }
          must(limiter.inFlight === model.running.length, 'attempts under way are counted');
          must(limiter.waiting === model.waiting.size, 'waiting items are counted');
          must(limiter.inFlight <= 6 && limiter.waiting <= 8, 'the limits hold');
          for (const endpoint of ['a', 'b', 'c'])
            must(model.runningAt(endpoint) <= 3, 'the limit of an endpoint holds');
        }
        expect(new Set(limiter.takeWaiting())).toEqual(model.waiting);
        for (const { slot } of model.running) limiter.ended(slot, DELIVERED, nowMs);
        expect(limiter).toMatchObject({ inFlight: 0, waiting: 0 });
        // No byte is left behind: one more than two thirds does not fit, so that all of them must be free.
        nowMs += 100_000;
        limiter.removeIdle(nowMs);
        expect(admitMany(limiter, item('d', '1', { bytes: 66 }), 3, nowMs)).toMatchObject({ defer: 1 });
      }),
    );
  });
});
