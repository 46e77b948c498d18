import { describe, expect, test } from '@jest/globals';
import { Lease, LEASE_MS } from './lease.ts';

describe('Lease', () => {
  test('is not valid before its first heartbeat', () => {
    expect(new Lease().isValid(0)).toBe(false);
  });

  test('is valid from a heartbeat until 1.5 s before others may remove it', () => {
    const lease = new Lease();
    lease.renewed(100);
    expect(lease.isValid(100)).toBe(true);
    expect(lease.isValid(100 + LEASE_MS - 1_501)).toBe(true);
    expect(lease.isValid(100 + LEASE_MS - 1_500)).toBe(false);
  });

  test('becomes valid again if a late heartbeat succeeds', () => {
    const lease = new Lease();
    lease.renewed(0);
    expect(lease.isValid(9_000)).toBe(false);
    lease.renewed(9_000);
    expect(lease.isValid(9_000)).toBe(true);
  });

  test('is never valid again once it is lost', () => {
    const lease = new Lease();
    lease.renewed(0);
    lease.lose();
    expect(lease.isLost).toBe(true);
    expect(lease.isValid(0)).toBe(false);
    lease.renewed(1);
    expect(lease.isValid(1)).toBe(false);
  });

  test('each has an id of its own', () => {
    expect(new Lease().id).not.toBe(new Lease().id);
  });
});
