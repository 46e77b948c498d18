import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ClaimRange, ClaimResult } from '@timer-platform/database';
import type { ClaimCapacity } from './claim-capacity.ts';
import { ClaimLoop } from './claim-loop.ts';

const EPOCH_MS = 1_000_000;
const LOOK_AHEAD_MS = 250;
const UNAVAILABLE = new Error('connection terminated');
const AMPLE: ClaimCapacity = { recent: 4_000, backlog: 1_000, suspects: true, bytes: 8_192, isScarce: false };
const NOTHING = { more: false, reachedMs: null };

interface Claim {
  readonly atMs: number;
  readonly recent: ClaimRange;
  readonly backlog: ClaimRange;
  readonly maxBytes: number;
}

type Found = Partial<ClaimResult> | undefined;

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const running: ClaimLoop[] = [];

/** Starts a loop at the instant 0; `respond` returns what a claim finds, undefined if the lease was lost. */
function startLoop(respond: (claim: Claim) => Found | Promise<Found> = () => ({})) {
  const claims: Claim[] = [];
  const events: string[] = [];
  const state = { mayClaim: true, capacity: AMPLE };
  const loop = new ClaimLoop({
    lookAheadMs: LOOK_AHEAD_MS,
    clock: { monotonicMs: () => performance.now() },
    databaseMs: () => EPOCH_MS + performance.now(),
    onError: (error) => events.push(String(error)),
  });
  running.push(loop);
  loop.start({
    mayClaim: () => state.mayClaim,
    capacity: () => state.capacity,
    claim: async (recent, backlog, maxBytes) => {
      const claim = { atMs: performance.now(), recent, backlog, maxBytes };
      claims.push(claim);
      const found = await respond(claim);
      const nowMs = EPOCH_MS + claim.atMs;
      return (
        found && {
          rows: [],
          recent: NOTHING,
          backlog: NOTHING,
          nowMs,
          polledUpToMs: nowMs + LOOK_AHEAD_MS,
          nextDueMs: null,
          suspects: false,
          ...found,
        }
      );
    },
    claimSuspects: () => {
      events.push('claim suspect');
      return Promise.resolve();
    },
  });
  const times = () => claims.map(({ atMs }) => atMs);
  return { loop, claims, events, state, times };
}

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(async () => {
  for (const loop of running.splice(0)) void loop.stop();
  await pass(0);
  jest.useRealTimers();
});

describe('polls', () => {
  test('claims at once whatever is due or nearly so, and searches again every 250 ms', async () => {
    const { claims, loop, times } = startLoop();
    expect(loop.lastSuccessMs).toBe(Number.NEGATIVE_INFINITY);
    await pass(500);
    expect(claims[0]).toEqual({
      atMs: 0,
      recent: { fromMs: EPOCH_MS - 1_250, toMs: Infinity, limit: 500 },
      backlog: { fromMs: -Infinity, toMs: EPOCH_MS, limit: 1_000 },
      maxBytes: 8_192,
    });
    expect(times()).toEqual([0, 250, 500]);
    expect(loop.lastSuccessMs).toBe(500);
  });

  test('claims without a pause while timers are left in the backlog', async () => {
    let left = 3;
    const { claims, times } = startLoop(() => ({
      backlog: { more: left-- > 0, reachedMs: 100 - left },
    }));
    await pass(100);
    expect(times()).toEqual([0, 0, 0, 0]);
    expect(claims[1]).toMatchObject({
      recent: { limit: 0 },
      backlog: { fromMs: 98, toMs: EPOCH_MS + LOOK_AHEAD_MS, limit: 1_000 },
    });
  });

  test('waits while it may not claim', async () => {
    const { state, times } = startLoop();
    state.mayClaim = false;
    await pass(999);
    const before = times().length;
    state.mayClaim = true;
    await pass(50);
    expect(times().slice(before)).toEqual([1_000]);
  });

  test('claims a suspect if there is one and none is held', async () => {
    const { events, state } = startLoop(() => ({ suspects: true }));
    await pass(0);
    expect(events).toEqual(['claim suspect']);
    state.capacity = { ...AMPLE, suspects: false };
    await pass(250);
    expect(events).toHaveLength(1);
  });
});

describe('wake', () => {
  test('a timer that is due soon is claimed 25 ms before', async () => {
    const { loop, claims, times } = startLoop();
    await pass(20);
    loop.wake(EPOCH_MS + 100);
    await pass(100);
    expect(times()).toEqual([0, 75]);
    const range = { fromMs: EPOCH_MS + 100, toMs: EPOCH_MS + 100 };
    expect(claims[1]).toMatchObject({ recent: { ...range, limit: 500 }, backlog: { limit: 0 } });
  });

  test('an unknown instant starts a search of the whole backlog', async () => {
    const { loop, claims, times } = startLoop();
    await pass(20);
    loop.wake();
    await pass(0);
    expect(times()).toEqual([0, 20]);
    expect(claims[1]?.backlog.fromMs).toBe(-Infinity);
  });

  test('a timer that is due later than the next poll changes nothing', async () => {
    const { loop, times } = startLoop();
    await pass(20);
    loop.wake(EPOCH_MS + 60_000);
    await pass(300);
    expect(times()).toEqual([0, 250]);
  });

  test('has no effect before the start', () => {
    const loop = new ClaimLoop({
      lookAheadMs: LOOK_AHEAD_MS,
      clock: { monotonicMs: () => 0 },
      databaseMs: () => EPOCH_MS,
      onError: () => undefined,
    });
    loop.wake(EPOCH_MS);
    loop.capacityFreed();
    expect(loop.lastSuccessMs).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('failures', () => {
  test('are retried at growing intervals', async () => {
    const { events, times } = startLoop(() => Promise.reject(UNAVAILABLE));
    await pass(5_000);
    const intervals = times()
      .slice(1)
      .map((at, n) => at - (times()[n] ?? 0));
    expect(intervals.slice(0, 7)).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
    expect(events[0]).toBe(String(UNAVAILABLE));
  });

  test('halve the size of the next claim, down to one timer; successes double it again', async () => {
    let failures = 11;
    const { claims, loop } = startLoop(() => {
      failures -= 1;
      if (failures >= 0) throw UNAVAILABLE;
      return {};
    });
    await pass(7_550);
    const failed = [...claims];
    expect(failed.map(({ recent }) => recent.limit)).toEqual([500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1, 1]);
    expect(failed.map(({ backlog }) => backlog.limit)).toEqual([
      1_000, 500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1,
    ]);
    expect(failed[1]?.maxBytes).toBe(4_096);
    expect(loop.lastSuccessMs).toBe(7_550);
    await pass(10_000);
    expect(claims.slice(12, 22).map(({ backlog }) => backlog.limit)).toEqual([
      2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000,
    ]);
    expect(claims.at(-1)?.maxBytes).toBe(8_192);
  });

  test('leave nothing out: the same ranges are polled again', async () => {
    let fails = true;
    const { claims } = startLoop(() => (fails ? Promise.reject(UNAVAILABLE) : {}));
    await pass(0);
    fails = false;
    await pass(50);
    expect(claims).toHaveLength(2);
    expect(claims[1]).toMatchObject({
      recent: { fromMs: claims[0]?.recent.fromMs, toMs: Infinity },
      backlog: { fromMs: -Infinity },
    });
  });

  test('a timer whose claim failed is polled again', async () => {
    const { loop, claims, times } = startLoop(({ atMs }) => {
      if (atMs === 75) throw UNAVAILABLE;
      return {};
    });
    await pass(20);
    loop.wake(EPOCH_MS + 100);
    await pass(130);
    expect(times()).toEqual([0, 75, 125]);
    expect(claims[2]?.recent).toMatchObject({ fromMs: EPOCH_MS + 100, toMs: EPOCH_MS + 100 });
  });

  test('a lost lease is no success; the ranges are polled again', async () => {
    let isLost = true;
    const { claims, loop, events, times } = startLoop(() => (isLost ? undefined : {}));
    await pass(0);
    expect(loop.lastSuccessMs).toBe(Number.NEGATIVE_INFINITY);
    isLost = false;
    await pass(50);
    expect(times()).toEqual([0, 50]);
    expect(claims[1]).toMatchObject({ recent: { limit: 250 }, backlog: { fromMs: -Infinity } });
    expect(events).toEqual([]);
  });
});

describe('capacity', () => {
  test('no more is claimed than there is capacity for', async () => {
    const { claims, state } = startLoop();
    await pass(0);
    state.capacity = { ...AMPLE, recent: 2_000, backlog: 1_200, bytes: 100 };
    await pass(250);
    expect(claims[1]).toMatchObject({ recent: { limit: 500 }, backlog: { limit: 1_000 }, maxBytes: 100 });
  });

  test.each<[string, Partial<ClaimCapacity>, number, number]>([
    ['recent timers', { recent: 499 }, 0, 1_000],
    ['backlog', { backlog: 999 }, 500, 0],
  ])('a little capacity for %s is not worth a claim', async (_, little, recent, backlog) => {
    const { claims, state } = startLoop();
    await pass(0);
    state.capacity = { ...AMPLE, ...little };
    await pass(250);
    expect(claims[1]).toMatchObject({ recent: { limit: recent }, backlog: { limit: backlog } });
  });

  test('freed capacity ends the wait for it', async () => {
    const { loop, state, times } = startLoop(() => ({ backlog: { more: true, reachedMs: 0 } }));
    state.capacity = { ...AMPLE, backlog: 0 };
    await pass(300);
    const before = times().length;
    state.capacity = { ...AMPLE, backlog: 999 };
    loop.capacityFreed();
    await pass(0);
    expect(times()).toHaveLength(before);
    state.capacity = { ...AMPLE, backlog: 1_000, isScarce: true };
    loop.capacityFreed();
    await pass(0);
    expect(times().slice(before)).toEqual([300]);
  });

  test('while memory is short, backlog polls are 50 ms apart', async () => {
    const { claims, state } = startLoop((claim) => ({ backlog: { more: claim.atMs < 400, reachedMs: 0 } }));
    state.capacity = { ...AMPLE, isScarce: true };
    await pass(200);
    const times = claims.filter(({ backlog }) => backlog.limit > 0).map(({ atMs }) => atMs);
    expect(times.slice(1).map((at, n) => at - (times[n] ?? 0))).toEqual([50, 50, 50, 50]);
  });

  test('while memory is short, recent timers are claimed in time', async () => {
    const { loop, state, claims } = startLoop((claim) => ({
      backlog: { more: claim.atMs < 400, reachedMs: 0 },
    }));
    state.capacity = { ...AMPLE, isScarce: true };
    await pass(110);
    loop.wake(EPOCH_MS + 140);
    await pass(10);
    const [claim] = claims.filter(({ recent, atMs }) => recent.limit > 0 && atMs > 100);
    expect(claim).toMatchObject({ atMs: 115, recent: { fromMs: EPOCH_MS + 140 } });
  });
});

describe('stop', () => {
  test('ends a sleep', async () => {
    const { loop, times } = startLoop();
    await pass(20);
    await loop.stop();
    await loop.stop();
    await pass(1_000);
    expect(times()).toEqual([0]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('waits for the claim that is under way', async () => {
    const ends: ((found: Found) => void)[] = [];
    const { loop, times } = startLoop(() => new Promise((resolve) => ends.push(resolve)));
    const events: string[] = [];
    const stopped = loop.stop().then(() => events.push('stopped'));
    await pass(1_000);
    expect(events).toEqual([]);
    ends[0]?.({});
    await stopped;
    expect(times()).toEqual([0]);
    expect(loop.lastSuccessMs).toBe(1_000);
  });
});
