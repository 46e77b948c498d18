import { expect, test } from '@jest/globals';
import { largestDestinations, totalOf } from './forecast.ts';

test('the total of a forecast is estimated as soon as a part of it is', () => {
  const bucket = { start: '2026-01-31T09:00:00.000Z', pending: 5, occurrences: 2, estimated: false };
  expect(totalOf({ buckets: [bucket, bucket] })).toEqual({ pending: 10, occurrences: 4, estimated: false });
  expect(totalOf({ buckets: [bucket, { ...bucket, estimated: true }] }).estimated).toBe(true);
  expect(totalOf({ buckets: [] })).toEqual({ pending: 0, occurrences: 0, estimated: false });
});

test('five destinations are named, the others are one row', () => {
  const totals = [1, 70, 0, 30, 5, 6, 7, 2].map((total, index) => ({
    destination: index === 1 ? null : `https://${index}.example`,
    total,
    counts: [],
  }));
  expect(largestDestinations({ by_destination: totals })).toEqual([
    { destination: 'https://3.example', total: 30, share: 30 / 71 },
    { destination: 'https://6.example', total: 7, share: 7 / 71 },
    { destination: 'https://5.example', total: 6, share: 6 / 71 },
    { destination: 'https://4.example', total: 5, share: 5 / 71 },
    { destination: 'https://7.example', total: 2, share: 2 / 71 },
    { destination: null, total: 71, share: 1 },
  ]);
  expect(largestDestinations({ by_destination: null })).toEqual([]);
});
