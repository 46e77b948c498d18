import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '../../transports/transport.ts';
import { DestinationLimiter } from './destination-limiter.ts';

const DELIVERED: Outcome = { kind: 'delivered', statusCode: 200 };
const REFUSED: Outcome = {
  kind: 'retryable',
  reason: 'connection refused',
  statusCode: null,
  retryAfterMs: null,
  unreachable: true,
};

function make(more: Partial<ConstructorParameters<typeof DestinationLimiter>[0]> = {}) {
  return new DestinationLimiter<string>({
    maxInFlight: 10,
    maxInFlightPerDestination: 3,
    maxWaitingAtFirst: 5,
    ...more,
  });
}

describe('Destinations', () => {
  test('starts up to the bound of a destination, lets a few wait and parks the rest', () => {
    const destinations = make();
    const kinds = Array.from({ length: 10 }, (_, n) => destinations.admit('a', `a${n}`, 0).kind);
    expect(kinds).toEqual([
      ...Array<string>(3).fill('start'),
      ...Array<string>(5).fill('wait'),
      'park',
      'park',
    ]);
    expect(destinations).toMatchObject({ inFlight: 3, waiting: 5 });
    expect(destinations.admit('b', 'b', 0)).toEqual({ kind: 'start', probe: false });
  });

  test('parked timers come back one after the other', () => {
    const destinations = make({ maxWaitingAtFirst: 0, maxInFlightPerDestination: 1 });
    destinations.admit('a', 'first', 0);
    const until = Array.from({ length: 4 }, () => destinations.admit('a', 'x', 100));
    expect(until).toEqual([1_100, 1_102, 1_104, 1_106].map((untilMs) => ({ kind: 'park', untilMs })));
  });

  test('each destination starts in its turn when all are waiting', () => {
    const destinations = make({ maxInFlight: 1, maxInFlightPerDestination: 10 });
    destinations.admit('a', 'running', 0);
    for (const key of ['a', 'a', 'a', 'b', 'b', 'c']) destinations.admit(key, key, 0);
    const order: string[] = [];
    let running = 'a';
    for (;;) {
      destinations.ended(running, DELIVERED, false, 1);
      const next = destinations.next(1);
      if (next === undefined) break;
      order.push(next);
      running = next;
    }
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  });

  test('a destination that ends nothing keeps nobody waiting after the first second', () => {
    const destinations = make();
    for (let n = 0; n < 8; n += 1) destinations.admit('a', `a${n}`, 0);
    expect(destinations.takeDeferrable(999)).toEqual([]);
    expect(destinations.takeDeferrable(1_000).map(({ item }) => item)).toEqual([
      'a3',
      'a4',
      'a5',
      'a6',
      'a7',
    ]);
    expect(destinations.admit('a', 'late', 1_001).kind).toBe('park');
    expect(destinations.waiting).toBe(0);
  });

  test('as many may wait as the destination ends in half a second', () => {
    const destinations = make({ maxInFlightPerDestination: 100, maxInFlight: 100, maxWaitingAtFirst: 100 });
    for (let n = 0; n < 100; n += 1) destinations.admit('a', 'running', 0);
    for (let n = 0; n < 40; n += 1) destinations.ended('a', DELIVERED, false, 500);
    for (let n = 0; n < 40; n += 1) destinations.admit('a', 'running', 900);
    const kinds = Array.from({ length: 30 }, () => destinations.admit('a', 'x', 1_100).kind);
    expect(kinds.filter((kind) => kind === 'wait')).toHaveLength(20);
  });

  test('an open breaker parks what waits and what comes, and probes with one', () => {
    const destinations = make({ maxInFlightPerDestination: 20, maxInFlight: 20 });
    for (let n = 0; n < 10; n += 1) destinations.admit('a', 'failing', 0);
    for (let n = 0; n < 10; n += 1) destinations.ended('a', REFUSED, false, 0);
    expect(destinations.breakerStates()).toEqual({ closed: 0, open: 1, probing: 0 });
    expect(destinations.admit('a', 'x', 500)).toEqual({ kind: 'park', untilMs: 1_000 });
    expect(destinations.admit('a', 'probe', 1_000)).toEqual({ kind: 'start', probe: true });
    expect(destinations.admit('a', 'y', 1_000).kind).toBe('park');
    destinations.ended('a', DELIVERED, true, 1_010);
    expect(destinations.admit('a', 'z', 1_010)).toEqual({ kind: 'start', probe: false });
  });

  test('failures add up also when each ends before the next begins', () => {
    const destinations = make();
    let started = 0;
    for (let n = 0; n < 100; n += 1) {
      if (destinations.admit('a', 'x', 0).kind !== 'start') continue;
      started += 1;
      destinations.ended('a', REFUSED, false, 0);
    }
    expect(started).toBe(10);
    expect(destinations.breakerStates().open).toBe(1);
  });

  test('a probe that came to nothing leaves the next one to probe', () => {
    const destinations = make({ maxInFlightPerDestination: 20, maxInFlight: 20 });
    for (let n = 0; n < 10; n += 1) destinations.admit('a', 'failing', 0);
    for (let n = 0; n < 10; n += 1) destinations.ended('a', REFUSED, false, 0);
    destinations.admit('a', 'probe', 1_000);
    destinations.withdrawn('a', true);
    expect(destinations.admit('a', 'next', 1_001)).toEqual({ kind: 'start', probe: true });
  });

  test('never exceeds a bound, loses nothing and starts nothing twice, whatever happens', () => {
    const keys = fc.constantFrom('a', 'b', 'c');
    const event = fc.oneof(
      fc.record({ do: fc.constant('admit' as const), key: keys }),
      fc.record({ do: fc.constant('end' as const), nth: fc.nat(), away: fc.boolean() }),
      fc.record({ do: fc.constant('park' as const) }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.nat(3_000) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const destinations = new DestinationLimiter<{ key: string }>({
          maxInFlight: 4,
          maxInFlightPerDestination: 2,
          maxWaitingAtFirst: 3,
        });
        const running: { item: { key: string }; probe: boolean }[] = [];
        const waiting = new Set<{ key: string }>();
        let now = 0;
        for (const step of events) {
          if (step.do === 'pass') now += step.ms;
          if (step.do === 'admit') {
            const item = { key: step.key };
            const admission = destinations.admit(step.key, item, now);
            if (admission.kind === 'start') running.push({ item, probe: admission.probe });
            if (admission.kind === 'wait') waiting.add(item);
            if (admission.kind === 'park') expect(admission.untilMs).toBeGreaterThanOrEqual(now);
          }
          if (step.do === 'end') {
            const [ended] = running.splice(step.nth % Math.max(running.length, 1), 1);
            if (ended !== undefined)
              destinations.ended(ended.item.key, step.away ? REFUSED : DELIVERED, ended.probe, now);
          }
          if (step.do === 'park')
            for (const { item } of destinations.takeDeferrable(now)) waiting.delete(item);
          for (let next = destinations.next(now); next !== undefined; next = destinations.next(now)) {
            expect(waiting.delete(next)).toBe(true);
            running.push({ item: next, probe: false });
          }
          expect(destinations.inFlight).toBe(running.length);
          expect(destinations.waiting).toBe(waiting.size);
          expect(running.length).toBeLessThanOrEqual(4);
          for (const key of ['a', 'b', 'c'])
            expect(running.filter(({ item }) => item.key === key).length).toBeLessThanOrEqual(2);
        }
        expect(new Set(destinations.takeWaiting())).toEqual(waiting);
      }),
    );
  });
});
