import { expect, test } from '@jest/globals';
import { seededRandom } from './random.ts';

test('equal seeds give equal numbers, different seeds different ones', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('integer covers the range with both ends', () => {
  const random = seededRandom(42);
  const drawn = new Set(Array.from({ length: 1_000 }, () => random.integer(2, 5)));
  expect([...drawn].sort()).toEqual([2, 3, 4, 5]);
});
