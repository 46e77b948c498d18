import { expect, test } from '@jest/globals';
import { rateBetween } from './search.ts';

/** Bisects like the search. Returns the rates that it tries. */
function ratesTried(limit: number, lowest: number, highest: number): number[] {
  const tried: number[] = [];
  let [passed, failed] = [lowest, highest];
  for (let rate = rateBetween(passed, failed); rate !== undefined; rate = rateBetween(passed, failed)) {
    tried.push(rate);
    if (rate <= limit) passed = rate;
    else failed = rate;
  }
  return tried;
}

test('rateBetween finds a limit to 6 percent in seven steps', () => {
  const tried = ratesTried(5_000, 500, 16_000);
  expect(tried.length).toBeLessThanOrEqual(7);
  const passed = Math.max(...tried.filter((rate) => rate <= 5_000));
  expect(passed).toBeGreaterThan(5_000 / 1.07);
});

test('rateBetween ends when the rates are next to each other', () => {
  expect(rateBetween(500, 550)).toBeUndefined();
});
