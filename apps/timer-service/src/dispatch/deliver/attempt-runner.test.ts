import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { delivered } from '../../transports/outcome.ts';
import type { Outcome, Transports } from '../../transports/transport.ts';
import type { ClaimedTimer } from '../claimed-timer.ts';
import { DatabaseClock } from '../database-clock.ts';
import { AttemptRunner } from './attempt-runner.ts';

const ignore = (): void => undefined;

function timerWithId(n: number): ClaimedTimer {
  return {
    row: {
      id: String(n),
      fencingToken: 1,
      dueMs: 0,
      executeAtMs: 0,
      expiresAtMs: null,
      attempts: 0,
      retry: null,
      callbackConfig: null,
      payload: null,
    },
    dueMs: 0,
    callback: { type: 'http', url: 'http://receiver.test/', headers: {}, payload: null },
    destination: 'http://receiver.test',
  };
}

/** Creates a runner; `end` ends the attempt of a timer. */
function createRunner(maxInFlightPerDestination: number) {
  const underWay = new Map<string, (outcome: Outcome) => void>();
  const started: string[] = [];
  const completed: string[] = [];
  const transports: Transports = {
    http: {
      destinationOf: () => 'http://receiver.test',
      send: ({ timerId }) => {
        started.push(timerId);
        return new Promise((resolve) => underWay.set(timerId, resolve));
      },
      close: () => Promise.resolve(),
    },
    nats: {
      destinationOf: () => 'nats',
      send: () => Promise.reject(new Error('no NATS timers here')),
      close: () => Promise.resolve(),
    },
  };
  const databaseClock = new DatabaseClock();
  databaseClock.observe({ sentMs: 0, receivedMs: 0, databaseMs: 0 });
  const runner = new AttemptRunner({
    limits: { maxInFlight: 1_000, maxInFlightPerDestination, maxWaitingAtFirst: 1_000 },
    transports,
    settles: { delivered: ({ id }) => completed.push(id), failed: ignore, release: ignore },
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    databaseClock,
    random: () => 0,
    observer: {
      started: ignore,
      ended: ignore,
      claimed: ignore,
      settled: ignore,
      deferred: ignore,
      rescued: ignore,
      leaseLost: ignore,
      databaseError: ignore,
      defect: ignore,
    },
    mayStart: () => true,
    capacityFreed: ignore,
  });
  const end = async (n: number): Promise<void> => {
    underWay.get(String(n))?.(delivered(200));
    // The runner reacts in microtasks.
    await jest.advanceTimersByTimeAsync(0);
  };
  return { runner, started, completed, end };
}

describe('AttemptRunner', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('starts waiting timers in batches', async () => {
    const { runner, started, completed, end } = createRunner(16);
    for (let n = 0; n < 40; n += 1) runner.due(timerWithId(n));
    expect(started).toHaveLength(16);
    await end(0);
    expect(started).toHaveLength(16);
    await end(1);
    expect(started).toHaveLength(18);
    expect(completed).toEqual(['0', '1']);
  });

  test('delays a waiting timer for its batch by at most two milliseconds', async () => {
    const { runner, started, end } = createRunner(16);
    for (let n = 0; n < 40; n += 1) runner.due(timerWithId(n));
    await end(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(started).toHaveLength(16);
    await jest.advanceTimersByTimeAsync(1);
    expect(started).toHaveLength(17);
  });

  test('starts the next timer at once if the limit is low', async () => {
    const { runner, started, end } = createRunner(1);
    for (let n = 0; n < 3; n += 1) runner.due(timerWithId(n));
    await end(0);
    expect(started).toEqual(['0', '1']);
    await end(1);
    expect(started).toEqual(['0', '1', '2']);
  });

  test('starts a timer at once if there is capacity', () => {
    const { runner, started } = createRunner(16);
    runner.due(timerWithId(0));
    expect(started).toEqual(['0']);
    expect(runner).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  test('allEnded resolves when the last attempt has ended', async () => {
    const { runner, end } = createRunner(16);
    await runner.allEnded();
    runner.due(timerWithId(0));
    runner.due(timerWithId(1));
    let ended = false;
    const allEnded = runner.allEnded().then(() => {
      ended = true;
    });
    await end(0);
    expect(ended).toBe(false);
    await end(1);
    await allEnded;
    expect(ended).toBe(true);
  });
});
