import { describe, expect, test } from '@jest/globals';
import { Lease, type LeaseStatements } from './lease.ts';

/** Creates a lease whose clock advances only with its sleeps, so that tests can observe each heartbeat. */
function make(more: Partial<LeaseStatements> = {}) {
  let nowMs = 0;
  const calls: string[] = [];
  const ids: string[] = [];
  let wakeUp: (() => void) | undefined;
  const statements: LeaseStatements = {
    acquireLease: (id) => {
      calls.push('acquire');
      ids.push(id);
      return Promise.resolve(nowMs);
    },
    renewLease: () => {
      calls.push('renew');
      return Promise.resolve(nowMs);
    },
    giveUpLease: () => {
      calls.push('give up');
      return Promise.resolve();
    },
    rescue: () => Promise.resolve(),
    ...more,
  };
  const lease = new Lease({
    statements,
    clock: { monotonicMs: () => nowMs, wallMs: () => 0 },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        wakeUp = () => {
          nowMs += ms;
          resolve();
        };
        signal.addEventListener('abort', () => {
          resolve();
        });
      }),
    onSample: () => undefined,
    onExpired: () => calls.push('expired'),
    onError: () => calls.push('error'),
  });
  const flushPromises = () => new Promise((resolve) => setImmediate(resolve));
  /** Ends the current sleep and waits for what follows it. */
  const passSleep = async () => {
    await flushPromises();
    wakeUp?.();
    await flushPromises();
  };
  return { lease, calls, ids, passSleep, now: () => nowMs };
}

describe('Lease', () => {
  test('is valid after a heartbeat, and ends before others may rescue its claims', async () => {
    const { lease, now } = make();
    expect(lease.isValid(0)).toBe(false);
    await lease.start();
    expect(lease.isValid(now() + 8_499)).toBe(true);
    expect(lease.isValid(now() + 8_500)).toBe(false);
    await lease.stop();
    expect(lease.isValid(now())).toBe(false);
  });

  test('a failed heartbeat does not renew it and is retried soon', async () => {
    let fail = false;
    const { lease, calls, passSleep, now } = make({
      renewLease: () => (fail ? Promise.reject(new Error('unavailable')) : Promise.resolve(0)),
    });
    await lease.start();
    fail = true;
    await passSleep();
    expect(calls).toEqual(['acquire', 'error']);
    expect(now()).toBe(2_000);
    expect(lease.isValid(8_500)).toBe(false);
    fail = false;
    await passSleep();
    expect(now()).toBe(2_500);
    expect(lease.isValid(10_999)).toBe(true);
    await lease.stop();
  });

  test('an expired lease is invalid at once and is acquired again under another id', async () => {
    let expired = false;
    const { lease, calls, ids, passSleep, now } = make({
      renewLease: () => Promise.resolve(expired ? undefined : 0),
    });
    await lease.start();
    expired = true;
    await passSleep();
    expect(calls).toEqual(['acquire', 'expired']);
    expect(lease.isValid(now())).toBe(false);
    await passSleep();
    expect(calls).toEqual(['acquire', 'expired', 'acquire']);
    expect(new Set(ids).size).toBe(2);
    expect(lease.id).toBe(ids[1]);
    expect(lease.isValid(now())).toBe(true);
    await lease.stop();
    await lease.stop();
    expect(calls.filter((call) => call === 'give up')).toHaveLength(1);
  });

  test('start retries until the database is available', async () => {
    let tries = 0;
    const { lease, passSleep } = make({
      acquireLease: () => ((tries += 1) < 3 ? Promise.reject(new Error('unavailable')) : Promise.resolve(0)),
    });
    const started = lease.start();
    await passSleep();
    await passSleep();
    await started;
    expect(tries).toBe(3);
    await lease.stop();
  });

  test('a start that waits for the database can be aborted', async () => {
    const { lease } = make({ acquireLease: () => Promise.reject(new Error('unavailable')) });
    const started = lease.start();
    lease.abortStart();
    await started;
    expect(lease.isValid(0)).toBe(false);
    await lease.stop();
  });
});
