import { describe, expect, test } from '@jest/globals';
import type { Peer, RenewedLease } from '@timer-platform/database';
import type { ClockSample } from '../../timeline.ts';
import { flushPromises } from '../testing/flush-promises.ts';
import { gate } from '../testing/gate.ts';
import type { Lease } from './lease.ts';
import { LeaseKeeper, type LeaseStatements } from './lease-keeper.ts';

const RENEWED: RenewedLease = { nowMs: 1_000_000, peers: [] };
const UNAVAILABLE = new Error('connection terminated');

/** Creates a keeper whose clock advances only with its sleeps, so that a test can observe each heartbeat. */
function createKeeper(more: Partial<LeaseStatements> = {}) {
  const calls: string[] = [];
  const acquiredIds: string[] = [];
  const renewedIds: string[] = [];
  const givenUpIds: string[] = [];
  const samples: ClockSample[] = [];
  const observed: { lease: Lease; peers: readonly Peer[]; atMs: number }[] = [];
  const sleeps: number[] = [];
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0 };
  let endSleep: (() => void) | undefined;
  const keeper = new LeaseKeeper({
    statements: {
      acquireLease: (id) => {
        calls.push('acquire');
        acquiredIds.push(id);
        return more.acquireLease?.(id) ?? Promise.resolve(1_000_000);
      },
      renewLease: (id) => {
        calls.push('renew');
        renewedIds.push(id);
        return more.renewLease?.(id) ?? Promise.resolve(RENEWED);
      },
      giveUpLease: (id) => {
        calls.push('give up');
        givenUpIds.push(id);
        return more.giveUpLease?.(id) ?? Promise.resolve();
      },
    },
    clock,
    sleep: (ms, signal) => {
      sleeps.push(ms);
      return new Promise((resolve) => {
        endSleep = () => {
          clock.nowMs += ms;
          resolve();
        };
        signal.addEventListener('abort', () => {
          resolve();
        });
        if (signal.aborted) resolve();
      });
    },
    onSample: (sample) => samples.push(sample),
    onRenewed: (lease, peers, atMs) => observed.push({ lease, peers, atMs }),
    onLost: (lease) => calls.push(lease === first ? 'lost' : 'lost again'),
    onError: (error) => calls.push(String(error)),
  });
  const first = keeper.lease;
  /** Ends the current sleep and waits for what follows it. */
  const passSleep = async () => {
    await flushPromises();
    endSleep?.();
    await flushPromises();
  };
  return { keeper, calls, acquiredIds, renewedIds, givenUpIds, samples, observed, sleeps, clock, passSleep };
}

describe('heartbeats', () => {
  test('acquire the lease, renew it every second, and report the peers', async () => {
    const peers = [{ id: 'peer', heartbeats: 3 }];
    const { keeper, calls, observed, sleeps, passSleep } = createKeeper({
      renewLease: () => Promise.resolve({ nowMs: 1_001_000, peers }),
    });
    expect(keeper.lease.isValid(0)).toBe(false);
    await keeper.start();
    expect(keeper.lease.isValid(8_499)).toBe(true);
    expect(keeper.lease.isValid(8_500)).toBe(false);
    await passSleep();
    await passSleep();
    expect(calls).toEqual(['acquire', 'renew', 'renew']);
    expect(sleeps).toEqual([1_000, 1_000, 1_000]);
    expect(observed.map(({ atMs, peers: seen }) => [atMs, seen])).toEqual([
      [0, []],
      [1_000, peers],
      [2_000, peers],
    ]);
    expect(keeper.lease.isValid(10_499)).toBe(true);
    await keeper.stop();
  });

  test('the lease is valid from when a heartbeat was sent, not from when it was confirmed', async () => {
    const confirmed = gate<number>();
    const { keeper, clock, samples } = createKeeper({ acquireLease: () => confirmed.passed });
    clock.nowMs = 100;
    const started = keeper.start();
    clock.nowMs = 3_100;
    confirmed.open(1_002_000);
    await started;
    expect(keeper.lease.isValid(8_599)).toBe(true);
    expect(keeper.lease.isValid(8_600)).toBe(false);
    expect(samples).toEqual([{ sentMs: 100, receivedMs: 3_100, databaseMs: 1_002_000 }]);
    await keeper.stop();
  });

  test('a failed one does not renew the lease, and is retried soon', async () => {
    let available = true;
    const { keeper, calls, clock, passSleep } = createKeeper({
      renewLease: () => (available ? Promise.resolve(RENEWED) : Promise.reject(UNAVAILABLE)),
    });
    await keeper.start();
    available = false;
    await passSleep();
    expect(keeper.lease.isValid(8_500)).toBe(false);
    available = true;
    await passSleep();
    expect(calls).toEqual(['acquire', 'renew', String(UNAVAILABLE), 'renew']);
    expect(clock.nowMs).toBe(1_250);
    expect(keeper.lease.isValid(9_749)).toBe(true);
    await keeper.stop();
  });
});

describe('a lost lease', () => {
  test('is invalid at once, and a new one is acquired soon under another id', async () => {
    let removed = false;
    const { keeper, calls, acquiredIds, clock, passSleep } = createKeeper({
      renewLease: () => Promise.resolve(removed ? undefined : RENEWED),
    });
    await keeper.start();
    const lost = keeper.lease;
    removed = true;
    await passSleep();
    expect(calls).toEqual(['acquire', 'renew', 'lost']);
    expect(lost.isLost).toBe(true);
    expect(lost.isValid(clock.nowMs)).toBe(false);
    expect(keeper.lease).not.toBe(lost);
    expect(keeper.lease.isValid(clock.nowMs)).toBe(false);
    await passSleep();
    expect(acquiredIds).toEqual([lost.id, keeper.lease.id]);
    expect(clock.nowMs).toBe(1_250);
    expect(keeper.lease.isValid(clock.nowMs)).toBe(true);
    await keeper.stop();
  });

  test('may be found by a claim, and is reported once', async () => {
    const { keeper, calls, passSleep } = createKeeper();
    await keeper.start();
    const lost = keeper.lease;
    keeper.lost(lost);
    keeper.lost(lost);
    expect(calls).toEqual(['acquire', 'lost']);
    expect(keeper.lease.id).not.toBe(lost.id);
    await passSleep();
    expect(calls).toEqual(['acquire', 'lost', 'acquire']);
    await keeper.stop();
  });

  test('is not renewed by a heartbeat that was under way', async () => {
    const renewed = gate<RenewedLease | undefined>();
    const { keeper, calls, observed, passSleep } = createKeeper({ renewLease: () => renewed.passed });
    await keeper.start();
    const lost = keeper.lease;
    await passSleep();
    keeper.lost(lost);
    renewed.open(RENEWED);
    await flushPromises();
    expect(lost.isValid(0)).toBe(false);
    expect(observed.map(({ lease }) => lease)).toEqual([lost]);
    await passSleep();
    expect(calls).toEqual(['acquire', 'renew', 'lost', 'acquire']);
    await keeper.stop();
  });

  test('is reported once if a claim and a heartbeat find it', async () => {
    const renewed = gate<RenewedLease | undefined>();
    const { keeper, calls, passSleep } = createKeeper({ renewLease: () => renewed.passed });
    await keeper.start();
    await passSleep();
    keeper.lost(keeper.lease);
    renewed.open(undefined);
    await flushPromises();
    expect(calls).toEqual(['acquire', 'renew', 'lost']);
    await keeper.stop();
  });
});

describe('start', () => {
  test('waits until the database is available', async () => {
    let tries = 0;
    const { keeper, sleeps, passSleep } = createKeeper({
      acquireLease: () => ((tries += 1) < 3 ? Promise.reject(UNAVAILABLE) : Promise.resolve(0)),
    });
    const started = keeper.start();
    await passSleep();
    await passSleep();
    await started;
    expect(tries).toBe(3);
    expect(sleeps).toEqual([250, 250, 1_000]);
    await keeper.stop();
  });

  test('tries another id after one whose fate is unknown: that one may have been stored', async () => {
    const stored = new Set<string>();
    const { keeper, acquiredIds, passSleep } = createKeeper({
      acquireLease: (id) => {
        if (stored.has(id)) return Promise.reject(new Error('duplicate key'));
        stored.add(id);
        return stored.size === 1 ? Promise.reject(UNAVAILABLE) : Promise.resolve(0);
      },
    });
    const started = keeper.start();
    await passSleep();
    expect(stored.size).toBe(2);
    await started;
    expect(keeper.lease.id).toBe(acquiredIds[1]);
    expect(keeper.lease.isValid(0)).toBe(true);
    await keeper.stop();
  });

  test('can be abandoned while the database is unavailable', async () => {
    const { keeper, calls } = createKeeper({ acquireLease: () => Promise.reject(UNAVAILABLE) });
    const started = keeper.start();
    keeper.abandonStart();
    await started;
    expect(keeper.lease.isValid(0)).toBe(false);
    await keeper.stop();
    expect(calls).toEqual(['acquire', String(UNAVAILABLE)]);
  });
});

describe('stop', () => {
  test('gives up the lease once', async () => {
    const { keeper, givenUpIds } = createKeeper();
    await keeper.start();
    await keeper.stop();
    await keeper.stop();
    expect(givenUpIds).toEqual([keeper.lease.id]);
    expect(keeper.lease.isValid(0)).toBe(false);
  });

  test('gives up nothing if the lease was lost and no new one was acquired', async () => {
    const { keeper, calls } = createKeeper();
    await keeper.start();
    keeper.lost(keeper.lease);
    await keeper.stop();
    expect(calls).toEqual(['acquire', 'lost']);
  });

  test('ends although the database is unavailable', async () => {
    const { keeper, calls } = createKeeper({ giveUpLease: () => Promise.reject(UNAVAILABLE) });
    await keeper.start();
    await keeper.stop();
    expect(calls).toEqual(['acquire', 'give up', String(UNAVAILABLE)]);
  });

  test('waits for the heartbeat that is under way', async () => {
    const renewed = gate<RenewedLease | undefined>();
    const { keeper, calls, passSleep } = createKeeper({ renewLease: () => renewed.passed });
    await keeper.start();
    await passSleep();
    const stopped = keeper.stop();
    await flushPromises();
    expect(calls).toEqual(['acquire', 'renew']);
    renewed.open(RENEWED);
    await stopped;
    expect(calls).toEqual(['acquire', 'renew', 'give up']);
    expect(keeper.lease.isValid(0)).toBe(false);
  });
});
