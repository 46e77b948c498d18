import { describe, expect, test } from '@jest/globals';
import type { BlockingSession } from './blocking-sessions.ts';
import { nextLockTimeout } from './lock-retry.ts';

const policy = { lockTimeoutMs: 300, patienceMs: 60_000, random: () => 0 };
const session = (backendType: string | null): BlockingSession => ({
  pid: 1,
  role: null,
  application: null,
  backend_type: backendType,
  state: null,
  query: null,
  age_seconds: null,
});

describe('nextLockTimeout', () => {
  test('stays short when clients block, however often', () => {
    for (const number of [1, 2, 3, 30]) {
      expect(nextLockTimeout(policy, number, [session('client backend')], 1_000)).toBe(300);
    }
    expect(nextLockTimeout(policy, 3, [], 1_000)).toBe(300);
  });

  test('exceeds deadlock_timeout for an autovacuum, which is canceled only then', () => {
    expect(nextLockTimeout(policy, 1, [session('client backend'), session('autovacuum worker')], 1_000)).toBe(
      1_200,
    );
  });

  test('stays short for an autovacuum when deadlock_timeout is low enough', () => {
    expect(nextLockTimeout(policy, 1, [session('autovacuum worker')], 100)).toBe(300);
  });

  test('exceeds deadlock_timeout on every third try for a session of unknown type', () => {
    expect(
      [1, 2, 3, 4, 5, 6].map((number) => nextLockTimeout(policy, number, [session(null)], 1_000)),
    ).toEqual([300, 300, 1_200, 300, 300, 1_200]);
  });
});
