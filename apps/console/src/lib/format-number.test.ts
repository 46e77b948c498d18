import { expect, test } from '@jest/globals';
import { formatCount, formatCountOf, formatNumber, formatShortCount } from './format-number.ts';

test('counts have all their digits, up to the largest exact number', () => {
  expect(formatCount(12_345_678)).toBe('12,345,678');
  expect(formatCount(Number.MAX_SAFE_INTEGER)).toBe('9,007,199,254,740,991');
});

test('axes have short counts, rates at most one digit after the point', () => {
  expect(formatShortCount(12_345_678)).toBe('12.3M');
  expect(formatNumber(812.44)).toBe('812.4');
});

test('one thing is singular, none and many are plural', () => {
  expect([0, 1, 2_000].map((count) => formatCountOf(count, 'timer'))).toEqual([
    '0 timers',
    '1 timer',
    '2,000 timers',
  ]);
});
