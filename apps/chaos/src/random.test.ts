import { expect, test } from '@jest/globals';
import { seededRandom } from './random.ts';

test('a seed repeats its numbers, and another has others', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('whole numbers reach both ends and nothing beyond', () => {
  const random = seededRandom(42);
  const drawn = new Set(Array.from({ length: 1_000 }, () => random.whole(2, 5)));
  expect([...drawn].sort()).toEqual([2, 3, 4, 5]);
});
