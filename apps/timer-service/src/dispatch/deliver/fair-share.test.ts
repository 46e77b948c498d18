import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  endpointLimit,
  fitsInMemory,
  type FlowLimits,
  hasFreeSlot,
  type Usage,
  waitingLimit,
} from './fair-share.ts';

const NOTHING: Usage = { inFlight: 0, waiting: 0, bytes: 0 };

function limits(more: Partial<FlowLimits>): FlowLimits {
  return { maxInFlight: 1_000, maxInFlightPerDestination: 250, maxWaiting: 2_000, maxBytes: 1_000, ...more };
}

/** Starts attempts that never end: each element is an endpoint that takes one slot if it may. Returns what each has. */
function startInOrder(flow: FlowLimits, order: Iterable<number>): Map<number, number> {
  const inFlight = new Map<number, number>();
  let total = 0;
  for (const key of order) {
    const used = inFlight.get(key) ?? 0;
    if (!hasFreeSlot(flow, { ...NOTHING, inFlight: total }, { ...NOTHING, inFlight: used }, 0)) continue;
    inFlight.set(key, used + 1);
    total += 1;
  }
  return inFlight;
}

function sum(counts: Map<number, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

/** How many attempts one route gets to start at an endpoint that nobody else uses. */
function startOnOneRoute(flow: FlowLimits): number {
  let started = 0;
  for (;;) {
    const used = { ...NOTHING, inFlight: started };
    if (!hasFreeSlot(flow, used, used, started)) return started;
    started += 1;
  }
}

const maxInFlight = fc.integer({ min: 1, max: 1_000 });

describe('attempts under way', () => {
  test('an endpoint alone gets its maximum, as long as this is two thirds of all slots at most', () => {
    fc.assert(
      fc.property(maxInFlight, fc.integer({ min: 1, max: 1_000 }), (most, perDestination) => {
        const flow = limits({ maxInFlight: most, maxInFlightPerDestination: perDestination });
        const inFlight = sum(startInOrder(flow, Array<number>(most + 1).fill(0)));
        expect(inFlight).toBe(Math.min(perDestination, most - Math.floor(most / 3)));
      }),
    );
  });

  test('one route gets four fifths of what its endpoint may have', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (perDestination) => {
        const flow = limits({ maxInFlightPerDestination: perDestination });
        expect(startOnOneRoute(flow)).toBe(Math.ceil(perDestination * 0.8));
      }),
    );
  });

  test('an endpoint whose one route hangs has a slot for its other routes', () => {
    const flow = limits({});
    const used = { ...NOTHING, inFlight: startOnOneRoute(flow) };
    expect(used.inFlight).toBe(200);
    expect(hasFreeSlot(flow, used, used, 0)).toBe(true);
  });

  test('endpoints that hang leave a third each of what they found, in whatever order they start', () => {
    const order = fc.array(fc.nat(5), { maxLength: 400 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), order, (most, keys) => {
        const inFlight = startInOrder(limits({ maxInFlight: most, maxInFlightPerDestination: most }), keys);
        expect(most - sum(inFlight)).toBeGreaterThanOrEqual(Math.floor(most / 3 ** inFlight.size));
      }),
    );
  });

  test('of equally active endpoints each gets nearly the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), (endpoints) => {
        const turns = Array.from({ length: 1_000 }, () => Array.from({ length: endpoints }, (_, key) => key));
        const inFlight = startInOrder(limits({}), turns.flat());
        const fair = Math.min(250, 2_000 / (1 + 2 * endpoints));
        for (const count of inFlight.values()) expect(Math.abs(count - fair)).toBeLessThanOrEqual(1);
        expect(inFlight.size).toBe(endpoints);
      }),
      { numRuns: 20 },
    );
  });

  test('the next slot that becomes free goes to an endpoint that has none, not to one with many', () => {
    const flow = limits({});
    const total = { ...NOTHING, inFlight: 999 };
    expect(hasFreeSlot(flow, total, NOTHING, 0)).toBe(true);
    expect(hasFreeSlot(flow, total, { ...NOTHING, inFlight: 2 }, 0)).toBe(false);
  });

  test('no attempt starts beyond the total, and no limit is below one', () => {
    const flow = limits({ maxInFlight: 3 });
    expect(hasFreeSlot(flow, { ...NOTHING, inFlight: 3 }, NOTHING, 0)).toBe(false);
    expect(endpointLimit(flow, { ...NOTHING, inFlight: 3 })).toBe(1);
  });
});

describe('waitingLimit', () => {
  test('one route gets half, the next a quarter, and so on', () => {
    const flow = limits({ maxWaiting: 1_000 });
    const waiting: number[] = [];
    for (let route = 0; route < 4; route += 1) {
      const others = waiting.reduce((total, count) => total + count, 0);
      let own = 0;
      while (own < waitingLimit(flow, { ...NOTHING, waiting: others + own })) own += 1;
      waiting.push(own);
    }
    expect(waiting).toEqual([500, 250, 125, 63]);
  });
});

describe('fitsInMemory', () => {
  test('one callback of any size is allowed for each endpoint', () => {
    expect(fitsInMemory(limits({}), { ...NOTHING, bytes: 5_000 }, NOTHING, 1_000_000)).toBe(true);
  });

  test('an endpoint alone gets two thirds of the memory', () => {
    const usage = (bytes: number) => ({ ...NOTHING, bytes });
    const fits = (bytes: number) => fitsInMemory(limits({ maxBytes: 300 }), usage(bytes), usage(bytes), 1);
    expect(fits(199)).toBe(true);
    expect(fits(200)).toBe(false);
  });

  test('an endpoint gets no more while others hold all of it', () => {
    const endpoint = { ...NOTHING, bytes: 1 };
    expect(fitsInMemory(limits({}), { ...NOTHING, bytes: 1_000 }, endpoint, 1)).toBe(false);
  });
});
