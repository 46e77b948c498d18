import { expect, test } from '@jest/globals';
import { mapInTurns } from './map-in-turns.ts';

test('mapInTurns returns the results in order and lets the event loop turn', async () => {
  let turns = 0;
  let counting = setImmediate(function count() {
    turns += 1;
    counting = setImmediate(count);
  });
  const busy = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  const results = await mapInTurns([3, 1, 2], (item, index) => {
    busy(6);
    return item * 10 + index;
  });
  clearImmediate(counting);
  expect(results).toEqual([30, 11, 22]);
  expect(turns).toBeGreaterThanOrEqual(2);
});
