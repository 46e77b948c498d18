import { expect, test } from '@jest/globals';
import { formatBytes, parseByteSize } from './byte-size.ts';

test('formatBytes uses the largest unit that leaves a number from one', () => {
  expect([0, 1023, 1024, 64 * 1024 ** 2, 3 * 1024 ** 4, 5000 * 1024 ** 4].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 kB',
    '64.0 MB',
    '3.0 TB',
    '5000.0 TB',
  ]);
});

test('parseByteSize accepts the units of PostgreSQL and nothing else', () => {
  expect(['0', '10', '8kB', '64MB', '2 GB'].map(parseByteSize)).toEqual([
    0,
    10,
    8 * 1024,
    64 * 1024 ** 2,
    2 * 1024 ** 3,
  ]);
  expect(['', 'MB', '-1', '1.5GB', '1 KiB'].map(parseByteSize)).toEqual(Array(5).fill(undefined));
});
