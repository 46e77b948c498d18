import { expect, test } from '@jest/globals';
import { timeLeft } from './show-progress.ts';

test('timeLeft returns milliseconds, or undefined when the rate or the rest is unknown', () => {
  expect(timeLeft(250, 1_000, 250)).toBe(3_000);
  expect(timeLeft(1_000, 1_000, 250)).toBeUndefined();
  expect(timeLeft(0, 1_000, 0)).toBeUndefined();
});
