import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { delivered } from '../../transports/outcome.ts';
import { DestinationLimiter, type Slot } from './destination-limiter.ts';
import { type DestinationSettings, ownLimits } from './destination-settings.ts';

interface Item {
  readonly destination: { readonly name: string; readonly endpoint: string; readonly route: string };
  readonly bytes: number;
}

const DELIVERED = delivered(200);
const ALONE = { rank: 0, dispatchers: 1 };

function make(): DestinationLimiter<Item> {
  return new DestinationLimiter<Item>({
    maxInFlight: 1_000,
    maxInFlightPerDestination: 250,
    maxWaiting: 3_500,
    maxBytes: 1_000_000,
  });
}

function item(name: string, route = name): Item {
  return { destination: { name, endpoint: route, route }, bytes: 1 };
}

function settings(destination: string, more: Partial<DestinationSettings>): DestinationSettings {
  return { destination, isPaused: false, ratePerSecond: null, maxInFlight: null, ...more };
}

function change(
  limiter: DestinationLimiter<Item>,
  destinations: DestinationSettings[],
  nowMs = 0,
  rank = ALONE,
) {
  return limiter.change(ownLimits({ ...rank, destinations }), nowMs);
}

function startAll(limiter: DestinationLimiter<Item>, nowMs: number): Slot<Item>[] {
  const slots: Slot<Item>[] = [];
  for (let next = limiter.next(nowMs); next !== undefined; next = limiter.next(nowMs)) slots.push(next.slot);
  return slots;
}

describe('a paused destination', () => {
  test('parks its timers, also those that wait; others go on', () => {
    const limiter = make();
    change(limiter, [settings('a', { maxInFlight: 1 })]);
    expect(['a', 'a', 'b'].map((name) => limiter.admit(item(name), 0).kind)).toEqual([
      'start',
      'wait',
      'start',
    ]);
    const again = change(limiter, [settings('a', { maxInFlight: 1, isPaused: true })]);
    expect(again.map((one) => limiter.admit(one, 0).kind)).toEqual(['park']);
    expect(limiter.waiting).toBe(0);
    expect(limiter.admit(item('b'), 0).kind).toBe('start');
    change(limiter, []);
    expect(limiter.admit(item('a'), 0).kind).toBe('start');
  });

  test('takes only its own timers out of the queue of a route that it shares', () => {
    const limiter = new DestinationLimiter<Item>({
      maxInFlight: 1,
      maxInFlightPerDestination: 1,
      maxWaiting: 100,
      maxBytes: 1_000,
    });
    for (const name of ['a', 'b', 'a', 'c']) limiter.admit(item(name, 'stream orders'), 0);
    const again = change(limiter, [settings('a', { isPaused: true })]);
    expect(again.map(({ destination }) => destination.name)).toEqual(['a']);
    expect(limiter.waiting).toBe(2);
    expect(limiter.destinationLoads(0)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'a', inFlight: 1, waiting: 0 }),
        expect.objectContaining({ name: 'b', waiting: 1 }),
      ]),
    );
  });

  test('counts attempts that were under way before it had a limit', () => {
    const limiter = make();
    const running = limiter.admit(item('a'), 0);
    change(limiter, [settings('a', { maxInFlight: 1 })]);
    expect(limiter.admit(item('a'), 0).kind).toBe('wait');
    if (running.kind === 'start') limiter.ended(running.slot, DELIVERED, 0);
    expect(startAll(limiter, 0)).toHaveLength(1);
  });
});

describe('a rate', () => {
  test('starts one timer per interval, and says when the next one may start', () => {
    const limiter = make();
    change(limiter, [settings('a', { ratePerSecond: 4 })]);
    expect([1, 2, 3].map(() => limiter.admit(item('a'), 0).kind)).toEqual(['start', 'wait', 'wait']);
    expect(limiter.nextTurnMs(0)).toBe(250);
    expect(startAll(limiter, 249)).toHaveLength(0);
    expect(startAll(limiter, 250)).toHaveLength(1);
    expect(limiter.nextTurnMs(250)).toBe(500);
    expect(startAll(limiter, 500)).toHaveLength(1);
    expect(limiter.nextTurnMs(500)).toBe(Infinity);
  });

  test('lets half a second of timers wait, and defers the others at the rate', () => {
    const limiter = make();
    change(limiter, [settings('a', { ratePerSecond: 10 })]);
    const admissions = Array.from({ length: 9 }, () => limiter.admit(item('a'), 0));
    expect(admissions.map(({ kind }) => kind)).toEqual([
      'start',
      ...new Array<string>(5).fill('wait'),
      ...new Array<string>(3).fill('defer'),
    ]);
    expect(admissions.flatMap((one) => (one.kind === 'defer' ? [one.untilMs] : []))).toEqual([600, 700, 800]);
  });

  test('is that of all routes of the destination together', () => {
    const limiter = make();
    change(limiter, [settings('a', { ratePerSecond: 1 })]);
    const kinds = ['1', '2', '3'].map((route) => limiter.admit(item('a', route), 0).kind);
    expect(kinds).toEqual(['start', 'wait', 'defer']);
  });

  test('defers nothing for much longer than ten minutes', () => {
    const limiter = make();
    change(limiter, [settings('a', { ratePerSecond: 1 })]);
    for (let n = 0; n < 5_000; n += 1) {
      const admission = limiter.admit(item('a'), 0);
      if (admission.kind === 'defer') expect(admission.untilMs).toBeLessThanOrEqual(600_000);
    }
  });

  test('gives every dispatcher the same part', () => {
    const limiter = make();
    change(limiter, [settings('a', { ratePerSecond: 4 })], 0, { rank: 1, dispatchers: 2 });
    limiter.admit(item('a'), 0);
    limiter.admit(item('a'), 0);
    expect(limiter.nextTurnMs(0)).toBe(500);
  });
});

test('a dispatcher without a part of a limit leaves timers to the others', () => {
  const limiter = make();
  const rank = [0, 1].find((one) => {
    const limits = ownLimits({
      rank: one,
      dispatchers: 2,
      destinations: [settings('a', { maxInFlight: 1 })],
    });
    return limits.get('a')?.maxInFlight === 0;
  });
  change(limiter, [settings('a', { maxInFlight: 1 })], 0, { rank: rank ?? 0, dispatchers: 2 });
  expect(limiter.admit(item('a'), 0)).toMatchObject({ kind: 'defer', untilMs: 250 });
});

test('settings of a million nothings leave no trace', () => {
  const limiter = make();
  change(limiter, [settings('a', {})]);
  limiter.removeIdle(60_000);
  expect(limiter.destinationLoads(60_000)).toEqual([]);
});

describe('any sequence of timers and changes', () => {
  const name = fc.constantFrom('a', 'b');
  const event = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('admit' as const), name, route: fc.constantFrom('1', '2') }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 800 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), index: fc.nat({ max: 20 }) }) },
    { arbitrary: fc.record({ do: fc.constant('tick' as const) }), weight: 1 },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('set' as const),
        isPaused: fc.boolean(),
        maxInFlight: fc.option(fc.integer({ min: 1, max: 3 })),
        ratePerSecond: fc.option(fc.constantFrom(0.5, 3, 40)),
      }),
    },
  );

  test('starts nothing beyond the settings of the time, and loses no timer', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100, size: 'max' }), (events) => {
        const limiter = make();
        let nowMs = 0;
        let current: DestinationSettings | undefined;
        let sinceMs = 0;
        /** Instants of starts of `a` under the current settings. */
        let starts: number[] = [];
        const running: { readonly slot: Slot<Item>; readonly one: Item }[] = [];
        const waiting = new Set<Item>();
        const begin = (one: Item, slot: Slot<Item>) => {
          running.push({ one, slot });
          if (one.destination.name !== 'a') return;
          expect(current?.isPaused ?? false).toBe(false);
          const inFlight = running.filter(({ one: other }) => other.destination.name === 'a').length;
          expect(inFlight).toBeLessThanOrEqual(current?.maxInFlight ?? Infinity);
          starts.push(nowMs);
          const rate = current?.ratePerSecond ?? Infinity;
          const most = (fromMs: number) => (rate * (nowMs - fromMs + 100)) / 1_000 + 1 + 1e-6;
          expect(starts.filter((fromMs, index) => starts.length - index > most(fromMs))).toEqual([]);
        };
        const admit = (one: Item) => {
          const admission = limiter.admit(one, nowMs);
          if (admission.kind === 'start') begin(one, admission.slot);
          if (admission.kind === 'wait') waiting.add(one);
          if (admission.kind === 'defer') expect(admission.untilMs).toBeGreaterThan(nowMs);
          if (admission.kind === 'park') expect(current?.isPaused).toBe(true);
        };
        const leave = (one: Item) => {
          expect(waiting.delete(one)).toBe(true);
        };
        for (const step of events) {
          switch (step.do) {
            case 'pass':
              nowMs += step.ms;
              limiter.removeIdle(nowMs);
              break;
            case 'admit':
              admit(item(step.name, `${step.name}/${step.route}`));
              break;
            case 'end': {
              const [ended] = running.splice(step.index, 1);
              if (ended !== undefined) limiter.ended(ended.slot, DELIVERED, nowMs);
              break;
            }
            case 'tick':
              for (const { item: one, untilMs } of limiter.takeDeferrable(nowMs)) {
                leave(one);
                expect(untilMs).toBeGreaterThan(nowMs);
              }
              for (let next = limiter.next(nowMs); next !== undefined; next = limiter.next(nowMs)) {
                leave(next.item);
                begin(next.item, next.slot);
              }
              break;
            case 'set': {
              current = settings('a', step);
              if (nowMs >= sinceMs) starts = [];
              sinceMs = nowMs;
              const again = change(limiter, [current], nowMs);
              again.forEach(leave);
              again.forEach(admit);
              break;
            }
          }
          expect(limiter.waiting).toBe(waiting.size);
          expect(limiter.inFlight).toBe(running.length);
          const loads = limiter.destinationLoads(nowMs);
          expect(loads.reduce((sum, load) => sum + load.waiting, 0)).toBe(waiting.size);
          expect(loads.reduce((sum, load) => sum + load.inFlight, 0)).toBe(running.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});
