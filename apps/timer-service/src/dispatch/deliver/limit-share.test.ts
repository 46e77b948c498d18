import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shareOfRate, shareOfSlots } from './limit-share.ts';

const dispatcherCount = fc.integer({ min: 1, max: 40 });

test('the shares of all dispatchers add up to the limit, and differ by at most one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.string(),
      dispatcherCount,
      (limit, name, dispatchers) => {
        const shares = Array.from({ length: dispatchers }, (_, rank) =>
          shareOfSlots(limit, name, { rank, dispatchers }),
        );
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(limit);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('the rates of all dispatchers add up to the rate', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e6, noNaN: true }), dispatcherCount, (rate, dispatchers) => {
      expect(shareOfRate(rate, { rank: 0, dispatchers }) * dispatchers).toBeCloseTo(rate, 6);
    }),
  );
});

test('what is left after division does not always go to the same dispatcher', () => {
  const owners = new Set(
    Array.from({ length: 50 }, (_, n) =>
      [0, 1, 2].find((rank) => shareOfSlots(1, `https://${n}.example.com`, { rank, dispatchers: 3 }) === 1),
    ),
  );
  expect([...owners].sort()).toEqual([0, 1, 2]);
});
