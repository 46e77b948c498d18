import { expect, test } from '@jest/globals';
import type { NewTimer } from './requests.ts';
import { splitBatches } from './split-batches.ts';

const timer = (payload: string): NewTimer => ({
  delay: '1h',
  callback: { type: 'http', url: 'https://shop.example/', payload },
});
const sizes = (timers: readonly NewTimer[]): number[] =>
  Array.from(splitBatches(timers), ({ length }) => length);

test('batches have up to 1,000 timers, in order', () => {
  const timers = Array.from({ length: 2_001 }, (_, index) => timer(String(index)));
  expect(sizes(timers)).toEqual([1_000, 1_000, 1]);
  expect(Array.from(splitBatches(timers)).flat()).toEqual(timers);
  expect(sizes([])).toEqual([]);
});

test('batches stay below the size limit of the service, counted in bytes of UTF-8', () => {
  expect(sizes(Array<NewTimer>(9).fill(timer('x'.repeat(1_000_000))))).toEqual([3, 3, 3]);
  expect(sizes(Array<NewTimer>(4).fill(timer('é'.repeat(1_000_000))))).toEqual([1, 1, 1, 1]);
});
