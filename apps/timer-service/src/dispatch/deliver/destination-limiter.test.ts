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

describe('DestinationLimiter', () => {
  test('starts up to the limit of a destination, lets a few wait and defers the rest', () => {
    const limiter = make();
    const kinds = Array.from({ length: 10 }, (_, n) => limiter.admit('a', `a${n}`, 0).kind);
    expect(kinds).toEqual([
      ...Array<string>(3).fill('start'),
      ...Array<string>(5).fill('wait'),
      'defer',
      'defer',
    ]);
    expect(limiter).toMatchObject({ inFlight: 3, waiting: 5 });
    expect(limiter.admit('b', 'b', 0)).toEqual({ kind: 'start', isTrial: false });
  });

  test('deferred timers become due one after the other', () => {
    const limiter = make({ maxWaitingAtFirst: 0, maxInFlightPerDestination: 1 });
    limiter.admit('a', 'first', 0);
    const until = Array.from({ length: 4 }, () => limiter.admit('a', 'x', 100));
    expect(until).toEqual([1_100, 1_102, 1_104, 1_106].map((untilMs) => ({ kind: 'defer', untilMs })));
  });

  test('waiting destinations start in turn', () => {
    const limiter = make({ maxInFlight: 1, maxInFlightPerDestination: 10 });
    limiter.admit('a', 'running', 0);
    for (const key of ['a', 'a', 'a', 'b', 'b', 'c']) limiter.admit(key, key, 0);
    const order: string[] = [];
    let running = 'a';
    for (;;) {
      limiter.ended(running, DELIVERED, false, 1);
      const next = limiter.next(1);
      if (next === undefined) break;
      order.push(next);
      running = next;
    }
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  });

  test('a destination that completes nothing lets no timer wait after the first second', () => {
    const limiter = make();
    for (let n = 0; n < 8; n += 1) limiter.admit('a', `a${n}`, 0);
    expect(limiter.takeDeferrable(999)).toEqual([]);
    expect(limiter.takeDeferrable(1_000).map(({ item }) => item)).toEqual(['a3', 'a4', 'a5', 'a6', 'a7']);
    expect(limiter.admit('a', 'late', 1_001).kind).toBe('defer');
    expect(limiter.waiting).toBe(0);
  });

  test('as many timers may wait as the destination completes in half a second', () => {
    const limiter = make({ maxInFlightPerDestination: 100, maxInFlight: 100, maxWaitingAtFirst: 100 });
    for (let n = 0; n < 100; n += 1) limiter.admit('a', 'running', 0);
    for (let n = 0; n < 40; n += 1) limiter.ended('a', DELIVERED, false, 500);
    for (let n = 0; n < 40; n += 1) limiter.admit('a', 'running', 900);
    const kinds = Array.from({ length: 30 }, () => limiter.admit('a', 'x', 1_100).kind);
    expect(kinds.filter((kind) => kind === 'wait')).toHaveLength(20);
  });

  test('an open breaker defers new timers and admits one trial attempt', () => {
    const limiter = make({ maxInFlightPerDestination: 20, maxInFlight: 20 });
    for (let n = 0; n < 10; n += 1) limiter.admit('a', 'failing', 0);
    for (let n = 0; n < 10; n += 1) limiter.ended('a', REFUSED, false, 0);
    expect(limiter.breakerStates()).toEqual({ closed: 0, open: 1, 'half-open': 0 });
    expect(limiter.admit('a', 'x', 500)).toEqual({ kind: 'defer', untilMs: 1_000 });
    expect(limiter.admit('a', 'trial', 1_000)).toEqual({ kind: 'start', isTrial: true });
    expect(limiter.admit('a', 'y', 1_000).kind).toBe('defer');
    limiter.ended('a', DELIVERED, true, 1_010);
    expect(limiter.admit('a', 'z', 1_010)).toEqual({ kind: 'start', isTrial: false });
  });

  test('failures add up even if each attempt ends before the next one starts', () => {
    const limiter = make();
    let started = 0;
    for (let n = 0; n < 100; n += 1) {
      if (limiter.admit('a', 'x', 0).kind !== 'start') continue;
      started += 1;
      limiter.ended('a', REFUSED, false, 0);
    }
    expect(started).toBe(10);
    expect(limiter.breakerStates().open).toBe(1);
  });

  test('after a canceled trial the next attempt is the trial', () => {
    const limiter = make({ maxInFlightPerDestination: 20, maxInFlight: 20 });
    for (let n = 0; n < 10; n += 1) limiter.admit('a', 'failing', 0);
    for (let n = 0; n < 10; n += 1) limiter.ended('a', REFUSED, false, 0);
    limiter.admit('a', 'trial', 1_000);
    limiter.startCanceled('a', true);
    expect(limiter.admit('a', 'next', 1_001)).toEqual({ kind: 'start', isTrial: true });
  });

  test('never exceeds a limit, loses no timer and starts none twice, for any sequence of events', () => {
    const keys = fc.constantFrom('a', 'b', 'c');
    const event = fc.oneof(
      fc.record({ do: fc.constant('admit' as const), key: keys }),
      fc.record({ do: fc.constant('end' as const), nth: fc.nat(), fails: fc.boolean() }),
      fc.record({ do: fc.constant('defer' as const) }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.nat(3_000) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const limiter = new DestinationLimiter<{ key: string }>({
          maxInFlight: 4,
          maxInFlightPerDestination: 2,
          maxWaitingAtFirst: 3,
        });
        const running: { item: { key: string }; isTrial: boolean }[] = [];
        const waiting = new Set<{ key: string }>();
        let now = 0;
        for (const step of events) {
          if (step.do === 'pass') now += step.ms;
          if (step.do === 'admit') {
            const item = { key: step.key };
            const admission = limiter.admit(step.key, item, now);
            if (admission.kind === 'start') running.push({ item, isTrial: admission.isTrial });
            if (admission.kind === 'wait') waiting.add(item);
            if (admission.kind === 'defer') expect(admission.untilMs).toBeGreaterThanOrEqual(now);
          }
          if (step.do === 'end') {
            const [ended] = running.splice(step.nth % Math.max(running.length, 1), 1);
            if (ended !== undefined)
              limiter.ended(ended.item.key, step.fails ? REFUSED : DELIVERED, ended.isTrial, now);
          }
          if (step.do === 'defer') for (const { item } of limiter.takeDeferrable(now)) waiting.delete(item);
          for (let next = limiter.next(now); next !== undefined; next = limiter.next(now)) {
            expect(waiting.delete(next)).toBe(true);
            running.push({ item: next, isTrial: false });
          }
          expect(limiter.inFlight).toBe(running.length);
          expect(limiter.waiting).toBe(waiting.size);
          expect(running.length).toBeLessThanOrEqual(4);
          for (const key of ['a', 'b', 'c'])
            expect(running.filter(({ item }) => item.key === key).length).toBeLessThanOrEqual(2);
        }
        expect(new Set(limiter.takeWaiting())).toEqual(waiting);
      }),
    );
  });
});
