import { describe, expect, test } from '@jest/globals';
import { Lease, type LeaseStatements } from './lease.ts';

/** Time that only passes when the registration sleeps, so that a test sees each heartbeat. */
function make(more: Partial<LeaseStatements> = {}) {
  let nowMs = 0;
  const calls: string[] = [];
  const ids: string[] = [];
  let wakeUp: (() => void) | undefined;
  const statements: LeaseStatements = {
    register: (id) => {
      calls.push('register');
      ids.push(id);
      return Promise.resolve(nowMs);
    },
    renew: () => {
      calls.push('renew');
      return Promise.resolve(nowMs);
    },
    unregister: () => {
      calls.push('unregister');
      return Promise.resolve();
    },
    rescue: () => Promise.resolve(),
    ...more,
  };
  const registration = new Lease({
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
    onReplaced: () => calls.push('replaced'),
    onError: () => calls.push('error'),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  /** Lets the sleep that is under way pass, and what follows it happen. */
  const passSleep = async () => {
    await settle();
    wakeUp?.();
    await settle();
  };
  return { registration, calls, ids, passSleep, now: () => nowMs };
}

describe('Registration', () => {
  test('is valid from its heartbeat on, for less than the silence after which others take over', async () => {
    const { registration, now } = make();
    expect(registration.isValid(0)).toBe(false);
    await registration.start();
    expect(registration.isValid(now() + 8_499)).toBe(true);
    expect(registration.isValid(now() + 8_500)).toBe(false);
    await registration.stop();
    expect(registration.isValid(now())).toBe(false);
  });

  test('a heartbeat that fails renews nothing and is repeated soon', async () => {
    let fail = false;
    const { registration, calls, passSleep, now } = make({
      renew: () => (fail ? Promise.reject(new Error('away')) : Promise.resolve(0)),
    });
    await registration.start();
    fail = true;
    await passSleep();
    expect(calls).toEqual(['register', 'error']);
    expect(now()).toBe(2_000);
    expect(registration.isValid(8_500)).toBe(false);
    fail = false;
    await passSleep();
    expect(now()).toBe(2_500);
    expect(registration.isValid(10_999)).toBe(true);
    await registration.stop();
  });

  test('after it was taken for dead it is invalid at once and comes back under another id', async () => {
    let alive = true;
    const { registration, calls, ids, passSleep, now } = make({
      renew: () => Promise.resolve(alive ? 0 : undefined),
    });
    await registration.start();
    alive = false;
    await passSleep();
    expect(calls).toEqual(['register', 'replaced']);
    expect(registration.isValid(now())).toBe(false);
    await passSleep();
    expect(calls).toEqual(['register', 'replaced', 'register']);
    expect(new Set(ids).size).toBe(2);
    expect(registration.id).toBe(ids[1]);
    expect(registration.isValid(now())).toBe(true);
    await registration.stop();
    await registration.stop();
    expect(calls.filter((call) => call === 'unregister')).toHaveLength(1);
  });

  test('waits for a database that is away when it starts', async () => {
    let tries = 0;
    const { registration, passSleep } = make({
      register: () => ((tries += 1) < 3 ? Promise.reject(new Error('away')) : Promise.resolve(0)),
    });
    const started = registration.start();
    await passSleep();
    await passSleep();
    await started;
    expect(tries).toBe(3);
    await registration.stop();
  });

  test('a start that waits for the database can be given up', async () => {
    const { registration } = make({ register: () => Promise.reject(new Error('away')) });
    const started = registration.start();
    registration.giveUpStarting();
    await started;
    expect(registration.isValid(0)).toBe(false);
    await registration.stop();
  });
});
