import { expect, test } from '@jest/globals';
import { pollDelay } from './blocking-sessions.ts';

test('pollDelay is short at first, so that a short try sees its blocker, and long in a statement of hours', () => {
  expect(pollDelay(0) + pollDelay(1)).toBeLessThan(200);
  let polls = 0;
  for (let elapsed = 0; elapsed < 3_600_000; polls++) elapsed += pollDelay(polls);
  expect(polls).toBeLessThan(400);
});
