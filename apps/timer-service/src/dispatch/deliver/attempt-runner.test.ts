import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ClaimedRow, DeliveredAttempt, FailedAttempt, ReleasedClaim } from '@timer-platform/database';
import { delivered, permanent, REFUSED, retryable, STOPPING, withdrawn } from '../../transports/outcome.ts';
import type { Delivery, Outcome } from '../../transports/transport.ts';
import type { ClaimedTimer } from '../claimed-timer.ts';
import { DatabaseClock } from '../database-clock.ts';
import { HeldTimers } from '../held-timers.ts';
import type { FinishedTimer } from '../observer.ts';
import { claimedRow, claimedTimer, validLease } from '../testing/claimed-timer.ts';
import { IGNORE_EVENTS } from '../testing/ignore-events.ts';
import { AttemptRunner } from './attempt-runner.ts';

/** The database's clock shows this when the monotonic clock of the test shows 0. */
const EPOCH_MS = 1_000_000;

/** What the test uses of a delivery of either type. */
type SentDelivery = Pick<Delivery, 'messageId' | 'mayStart' | 'ended'>;

interface Setup {
  readonly maxInFlight?: number;
  readonly maxInFlightPerDestination?: number;
  /** Instead of recording the delivery. */
  readonly send?: (delivery: SentDelivery) => void;
}

/** Creates a runner whose deliveries the test ends. */
function createRunner({ send, ...limits }: Setup = {}) {
  const deliveries = new Map<string, SentDelivery>();
  const started: string[] = [];
  const events: string[] = [];
  const finished: FinishedTimer[] = [];
  const lateness: number[] = [];
  const outcomes: Outcome[] = [];
  const settled = {
    delivered: [] as DeliveredAttempt[],
    failed: [] as FailedAttempt[],
    released: [] as ReleasedClaim[],
  };
  const held = new HeldTimers();
  /** Wake-ups that the runner has requested. */
  const turns: { readonly atMs: number; readonly call: () => void }[] = [];
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0 };
  /** Of the process; by default the same. */
  const leaseClock: { nowMs: number | undefined } = { nowMs: undefined };
  const transport = {
    destinationOf: () => ({ name: 'unused', endpoint: 'unused', route: 'unused' }),
    send: (delivery: SentDelivery) => {
      started.push(delivery.messageId);
      deliveries.set(delivery.messageId, delivery);
      send?.(delivery);
    },
    close: () => Promise.resolve(),
  };
  const databaseClock = new DatabaseClock();
  databaseClock.observe({ sentMs: 0, receivedMs: 0, databaseMs: EPOCH_MS });
  const runner = new AttemptRunner({
    limits: {
      maxInFlight: 10_000,
      maxInFlightPerDestination: 1_000,
      maxWaiting: 10_000,
      maxBytes: 10_000_000,
      ...limits,
    },
    transports: { http: transport, nats: transport },
    settles: {
      delivered: (attempt) => settled.delivered.push(attempt),
      failed: (attempt) => settled.failed.push(attempt),
      release: (claim) => settled.released.push(claim),
    },
    held,
    clock,
    after: (ms, call) => {
      turns.push({ atMs: clock.nowMs + ms, call });
      return () => undefined;
    },
    leaseClock: { monotonicMs: () => leaseClock.nowMs ?? clock.nowMs },
    databaseClock,
    random: () => 0,
    observer: {
      ...IGNORE_EVENTS,
      started: (lateMs) => lateness.push(lateMs),
      ended: (outcome) => outcomes.push(outcome),
      finished: (timer) => finished.push(timer),
      deferred: (timers) => events.push(`deferred ${timers}`),
      defect: (error, timerId) => events.push(`defect ${String(error)} ${timerId}`),
    },
    capacityFreed: () => events.push('capacity freed'),
  });
  /** Claims a timer and passes it on, as at its due instant. */
  const due = (row: Partial<ClaimedRow>, more: Partial<ClaimedTimer> = {}) => {
    const timer = claimedTimer({ dueMs: EPOCH_MS, ...row }, more);
    held.claimed(timer);
    runner.due(timer);
    return timer;
  };
  const dueMany = (count: number) => {
    for (let n = 0; n < count; n += 1) due({ id: `${n}` });
  };
  const end = (id: string, outcome: Outcome) => {
    deliveries.get(id)?.ended(outcome);
  };
  return {
    runner,
    started,
    deliveries,
    events,
    finished,
    lateness,
    outcomes,
    settled,
    held,
    clock,
    leaseClock,
    turns,
    due,
    dueMany,
    end,
  };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('outcomes', () => {
  test('a delivered timer is settled with both instants of its attempt', () => {
    const { due, clock, end, settled, finished, held, lateness } = createRunner();
    const { lease } = due({
      id: 'a',
      batchId: 'b',
      fencingToken: 7,
      dueSinceMs: EPOCH_MS - 3_000,
      attempts: 2,
    });
    expect(held.count('recent')).toBe(0);
    expect(held.bytes).toBe(100);
    clock.nowMs = 40;
    end('a', delivered(200));
    const claim = { lease, id: 'a', batchId: 'b', fencingToken: 7, range: 'recent' };
    expect(settled.delivered).toEqual([{ ...claim, startedMs: EPOCH_MS, finishedMs: EPOCH_MS + 40 }]);
    expect(finished).toEqual([
      {
        id: 'a',
        status: 'completed',
        callbackType: 'http',
        destination: 'http://receiver.test',
        error: null,
        attempts: 3,
        latenessMs: 3_000,
        finishedMs: EPOCH_MS + 40,
      },
    ]);
    expect(lateness).toEqual([3_000]);
    expect(held.bytes).toBe(0);
  });

  test('a timer that was always due is not infinitely late', () => {
    const { due, lateness } = createRunner();
    due(
      { dueMs: Number.NEGATIVE_INFINITY, dueSinceMs: Number.NEGATIVE_INFINITY },
      { dueMs: EPOCH_MS - 20, dueSinceMs: EPOCH_MS - 20 },
    );
    expect(lateness).toEqual([20]);
  });

  test('a failed attempt is settled with its next one', () => {
    const { due, end, settled, finished } = createRunner();
    due({ id: 'a' });
    end('a', retryable('HTTP 503', { statusCode: 503 }));
    expect(settled.failed).toMatchObject([
      {
        id: 'a',
        error: 'HTTP 503',
        nextAttemptMs: EPOCH_MS + 5_000,
        dueMs: EPOCH_MS,
        startedMs: EPOCH_MS,
        statusCode: 503,
      },
    ]);
    expect(finished).toEqual([]);
  });

  test('a timer fails for good if its attempt was rejected', () => {
    const { due, end, settled, finished } = createRunner();
    due({ id: 'a' });
    end('a', permanent('HTTP 410', 410));
    expect(settled.failed).toMatchObject([{ error: 'HTTP 410', nextAttemptMs: null, statusCode: 410 }]);
    expect(finished).toMatchObject([{ status: 'failed', error: 'HTTP 410', attempts: 1 }]);
  });

  test('give_up_after counts from when attempts began to count', () => {
    const { due, end, settled } = createRunner();
    const retry = { give_up_after: '10s' };
    due({ id: 'again', retryFromMs: EPOCH_MS }, { retry });
    due({ id: 'late', retryFromMs: EPOCH_MS - 8_000 }, { retry });
    for (const id of ['again', 'late']) end(id, retryable('HTTP 503'));
    expect(settled.failed).toMatchObject([
      { id: 'again', nextAttemptMs: EPOCH_MS + 5_000 },
      { id: 'late', nextAttemptMs: null },
    ]);
  });

  test('an attempt that ends twice has one effect', () => {
    const { due, end, runner, settled, outcomes, held } = createRunner();
    due({ id: 'a' });
    end('a', delivered(200));
    end('a', retryable('connection reset'));
    expect(settled).toMatchObject({ delivered: [{ id: 'a' }], failed: [], released: [] });
    expect(outcomes).toEqual([delivered(200)]);
    expect(runner.inFlight).toBe(0);
    expect(held.bytes).toBe(0);
  });

  test('a transport that throws is a defect, and the attempt is retried', () => {
    const { due, settled, events, runner } = createRunner({
      send: () => {
        throw new Error('broken');
      },
    });
    due({ id: 'a' });
    expect(events).toContain('defect Error: broken a');
    expect(settled.failed).toMatchObject([{ id: 'a', error: 'internal error of the timer service' }]);
    expect(runner.inFlight).toBe(0);
  });

  test('a transport that ends an attempt and then throws has one effect', () => {
    const { due, settled } = createRunner({
      send: (delivery) => {
        delivery.ended(delivered(200));
        throw new Error('broken');
      },
    });
    due({ id: 'a' });
    expect(settled).toMatchObject({ delivered: [{ id: 'a' }], failed: [] });
  });
});

describe('attempts that do not count', () => {
  test.each<[string, Outcome, Partial<ReleasedClaim>]>([
    ['stopping', STOPPING, { notBeforeMs: null, reason: null }],
    [
      'shortage',
      withdrawn('shortage', 'no connection'),
      { notBeforeMs: EPOCH_MS + 1_000, reason: 'no connection' },
    ],
    [
      'undeliverable',
      withdrawn('undeliverable', 'denied'),
      { notBeforeMs: EPOCH_MS + 1_000, reason: 'denied' },
    ],
  ])('a timer withdrawn as %s is released', (_, outcome, released) => {
    const { due, end, settled, finished, outcomes } = createRunner();
    due({ id: 'a' });
    end('a', outcome);
    expect(settled.released).toMatchObject([{ id: 'a', ...released }]);
    expect(settled.failed).toEqual([]);
    expect(finished).toEqual([]);
    expect(outcomes).toEqual([outcome]);
  });

  test('a timer that was undeliverable for a day fails, without an attempt', () => {
    const { due, end, settled, finished } = createRunner();
    due({ id: 'a', dueSinceMs: EPOCH_MS - 86_400_000, attempts: 1 });
    end('a', withdrawn('undeliverable', 'denied'));
    expect(settled.failed).toMatchObject([
      { id: 'a', error: 'denied', startedMs: null, nextAttemptMs: null },
    ]);
    expect(finished).toMatchObject([{ status: 'failed', error: 'denied', attempts: 1 }]);
  });

  test('nothing is sent for a timer that expired while it waited', () => {
    const { due, settled, started, finished, lateness, held } = createRunner();
    due({ id: 'a', expiresAtMs: EPOCH_MS });
    expect(started).toEqual([]);
    expect(lateness).toEqual([]);
    const error = 'expired: no attempt could start before expires_at';
    expect(settled.failed).toMatchObject([{ id: 'a', error, startedMs: null, nextAttemptMs: null }]);
    expect(finished).toMatchObject([{ id: 'a', status: 'failed', error, attempts: 0 }]);
    expect(held).toMatchObject({ bytes: 0 });
  });

  test('nothing is sent without a valid lease', () => {
    const { due, settled, started, clock } = createRunner();
    clock.nowMs = 8_500;
    due({ id: 'a' });
    expect(started).toEqual([]);
    expect(settled.released).toMatchObject([{ id: 'a', notBeforeMs: null }]);
  });

  test('the lease is valid by the clock of the process, while the attempt has the time of its timers', () => {
    const { due, started, settled, finished, end, clock, leaseClock } = createRunner();
    leaseClock.nowMs = 8_000;
    clock.nowMs = 30 * 86_400_000;
    due({ id: 'a' });
    expect(started).toEqual(['a']);
    clock.nowMs += 250;
    end('a', { kind: 'delivered', statusCode: 200, isDuplicate: false });
    expect(finished).toMatchObject([{ id: 'a', status: 'completed' }]);
    const [attempt] = settled.delivered;
    expect((attempt?.finishedMs ?? 0) - (attempt?.startedMs ?? 0)).toBe(250);
    leaseClock.nowMs = 8_500;
    due({ id: 'b' });
    expect(started).toEqual(['a']);
  });

  test('nothing is written once the lease has become invalid', () => {
    const { due, deliveries, clock, end, settled } = createRunner();
    const { lease } = due({ id: 'a' });
    expect(deliveries.get('a')?.mayStart()).toBe(true);
    clock.nowMs = 8_500;
    expect(deliveries.get('a')?.mayStart()).toBe(false);
    lease.renewed(8_000);
    expect(deliveries.get('a')?.mayStart()).toBe(true);
    lease.lose();
    expect(deliveries.get('a')?.mayStart()).toBe(false);
    end('a', REFUSED);
    expect(settled.released).toMatchObject([{ id: 'a', notBeforeMs: null, reason: null }]);
  });

  test('nothing is written after expires_at, and the timer fails', () => {
    const { due, deliveries, clock, end, settled } = createRunner();
    due({ id: 'a', expiresAtMs: EPOCH_MS + 100 });
    clock.nowMs = 200;
    expect(deliveries.get('a')?.mayStart()).toBe(false);
    end('a', REFUSED);
    expect(settled.failed).toMatchObject([{ id: 'a', startedMs: null, nextAttemptMs: null }]);
  });

  test('a timer that cannot be read fails', () => {
    const { runner, held, settled, finished } = createRunner();
    const row = claimedRow({ id: 'a', attempts: 2 });
    held.claimed(row);
    runner.failUnreadable(row, validLease(), 'no key');
    expect(settled.failed).toMatchObject([
      { id: 'a', error: 'no key', startedMs: null, nextAttemptMs: null },
    ]);
    expect(finished).toMatchObject([
      { id: 'a', status: 'failed', callbackType: null, destination: null, error: 'no key', attempts: 2 },
    ]);
    expect(held.count('recent')).toBe(0);
    expect(held.bytes).toBe(0);
  });
});

describe('waiting timers', () => {
  test('a timer starts at once if there is a slot', () => {
    const { due, started, runner } = createRunner();
    due({ id: 'a' });
    expect(started).toEqual(['a']);
    expect(runner).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  test('start in batches, once an eighth of the attempts under way have ended', () => {
    const { dueMany, end, started, settled } = createRunner({ maxInFlightPerDestination: 20 });
    dueMany(40);
    expect(started).toHaveLength(16);
    end('0', delivered(200));
    expect(started).toHaveLength(16);
    end('1', delivered(200));
    expect(started).toHaveLength(18);
    expect(settled.delivered.map(({ id }) => id)).toEqual(['0', '1']);
  });

  test('are delayed for their batch by two milliseconds at most', () => {
    const { dueMany, end, started } = createRunner({ maxInFlightPerDestination: 20 });
    dueMany(40);
    end('0', delivered(200));
    jest.advanceTimersByTime(1);
    expect(started).toHaveLength(16);
    jest.advanceTimersByTime(1);
    expect(started).toHaveLength(17);
  });

  test('start one by one if the limit is low', () => {
    const { dueMany, end, started } = createRunner({ maxInFlightPerDestination: 1 });
    dueMany(3);
    end('0', delivered(200));
    expect(started).toEqual(['0', '1']);
    end('1', delivered(200));
    expect(started).toEqual(['0', '1', '2']);
  });

  test('are deferred if they would wait too long', () => {
    const { runner, dueMany, clock, events, settled, held } = createRunner({ maxInFlightPerDestination: 1 });
    dueMany(4);
    clock.nowMs = 1_000;
    runner.deferWaiting();
    expect(runner.waiting).toBe(1);
    expect(events.filter((event) => event === 'deferred 1')).toHaveLength(2);
    expect(settled.released.map(({ id }) => id)).toEqual(['2', '3']);
    const [first, second] = settled.released.map(({ notBeforeMs }) => notBeforeMs);
    // The estimate of the database's clock lags behind by what it may drift.
    expect(first).toBeCloseTo(EPOCH_MS + 2_000, -1);
    expect((second ?? 0) - (first ?? 0)).toBeCloseTo(2, 2);
    expect(held.count('recent')).toBe(1);
  });

  test('start when deferWaiting finds that their breaker allows a trial', () => {
    const { runner, dueMany, end, clock, started } = createRunner({ maxInFlightPerDestination: 12 });
    dueMany(30);
    const failed = retryable('HTTP 503', { statusCode: 503, unavailable: 'route' });
    for (let n = 0; n < 10; n += 1) end(`${n}`, failed);
    clock.nowMs = 1_500;
    const before = started.length;
    runner.deferWaiting();
    expect(started).toHaveLength(before + 1);
    expect(runner.breakerStates).toEqual({ closed: 0, open: 0, 'half-open': 1 });
  });

  test('are released when the dispatcher stops', () => {
    const { runner, dueMany, settled, held } = createRunner({ maxInFlightPerDestination: 1 });
    dueMany(3);
    runner.releaseWaiting();
    expect(settled.released).toMatchObject([
      { id: '1', notBeforeMs: null },
      { id: '2', notBeforeMs: null },
    ]);
    expect(runner).toMatchObject({ inFlight: 1, waiting: 0 });
    expect(held.count('recent')).toBe(0);
    expect(held.bytes).toBe(100);
  });

  test('three thousand that may not start any more are released without a deep stack', () => {
    const { runner, dueMany, end, clock, settled } = createRunner({ maxInFlightPerDestination: 1 });
    dueMany(3_001);
    expect(runner.waiting).toBe(3_000);
    clock.nowMs = 8_500;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 300;
    let deepest = 0;
    settled.released.push = (...claims) => {
      deepest = Math.max(deepest, new Error('depth').stack?.split('\n').length ?? 0);
      for (const claim of claims) settled.released[settled.released.length] = claim;
      return settled.released.length;
    };
    end('0', delivered(200));
    Error.stackTraceLimit = limit;
    expect(settled.released).toHaveLength(3_000);
    expect(runner).toMatchObject({ inFlight: 0, waiting: 0 });
    expect(deepest).toBeLessThan(200);
  });

  test('the freed capacity is reported after waiting timers were started', () => {
    const { dueMany, end, events, runner } = createRunner({ maxInFlightPerDestination: 1 });
    dueMany(2);
    expect(events).toEqual([]);
    end('0', delivered(200));
    expect(events).toEqual(['capacity freed']);
    expect(runner.inFlight).toBe(1);
  });
});

describe('allEnded', () => {
  test('resolves when no attempt is under way', async () => {
    const { runner, dueMany, end } = createRunner();
    await runner.allEnded();
    dueMany(2);
    const ended: string[] = [];
    const allEnded = runner.allEnded().then(() => ended.push('all'));
    end('0', delivered(200));
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toEqual([]);
    end('1', delivered(200));
    await allEnded;
    expect(ended).toEqual(['all']);
  });
});

describe('what operators set', () => {
  const ALONE = { rank: 0, dispatchers: 1 };
  const unlimited = {
    destination: 'http://receiver.test',
    isPaused: false,
    ratePerSecond: null,
    maxInFlight: null,
  };

  test('timers of a paused destination are released until it is resumed, and attempts under way finish', () => {
    const { runner, due, end, held, settled, started } = createRunner();
    due({ id: 'a' });
    runner.follow({ ...ALONE, destinations: [{ ...unlimited, isPaused: true }] });
    due({ id: 'b' });
    expect(settled.released).toMatchObject([
      { id: 'b', pausedFor: 'http://receiver.test', notBeforeMs: null, reason: null },
    ]);
    end('a', delivered(200));
    expect(settled.delivered).toMatchObject([{ id: 'a' }]);
    expect([held.bytes, runner.inFlight, runner.waiting]).toEqual([0, 0, 0]);
    runner.follow({ ...ALONE, destinations: [] });
    due({ id: 'c' });
    expect(started).toEqual(['a', 'c']);
  });

  test('timers that wait when their destination is paused are released as well', () => {
    const { runner, due, settled } = createRunner({ maxInFlightPerDestination: 1 });
    for (const id of ['a', 'b', 'c']) due({ id });
    runner.follow({ ...ALONE, destinations: [{ ...unlimited, isPaused: true }] });
    expect(settled.released.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(runner.waiting).toBe(0);
  });

  test('a timer that waits for the rate of its destination starts in the millisecond of its turn', () => {
    const { runner, due, clock, started, turns } = createRunner();
    runner.follow({ ...ALONE, destinations: [{ ...unlimited, ratePerSecond: 8 }] });
    for (const id of ['a', 'b', 'c']) due({ id });
    expect(started).toEqual(['a']);
    for (const [index, atMs] of [125, 250].entries()) {
      expect(turns).toHaveLength(index + 1);
      expect(turns[index]?.atMs).toBe(atMs);
      clock.nowMs = atMs;
      turns[index]?.call();
    }
    expect(started).toEqual(['a', 'b', 'c']);
    expect(turns).toHaveLength(2);
  });

  test('a wake-up that comes early is set again', () => {
    const { runner, due, clock, started, turns } = createRunner();
    runner.follow({ ...ALONE, destinations: [{ ...unlimited, ratePerSecond: 10 }] });
    for (const id of ['a', 'b']) due({ id });
    clock.nowMs = 99.6;
    turns[0]?.call();
    expect(started).toEqual(['a']);
    expect(turns[1]?.atMs).toBe(100);
  });

  test('timers that wait start at once when a limit is taken back', () => {
    const { runner, due, started } = createRunner();
    runner.follow({ ...ALONE, destinations: [{ ...unlimited, maxInFlight: 1 }] });
    for (const id of ['a', 'b']) due({ id });
    runner.follow({ ...ALONE, destinations: [] });
    expect(started).toEqual(['a', 'b']);
  });
});
