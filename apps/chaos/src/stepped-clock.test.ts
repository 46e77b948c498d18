import { expect, test } from '@jest/globals';
import { SteppedClock } from './stepped-clock.ts';

/** Ten seconds ahead from 100 to 200 ms, then one second behind; each step takes two milliseconds. */
function clockWithSteps(): SteppedClock {
  const clock = new SteppedClock();
  clock.record({ fromMs: 100, toMs: 102, offsetMs: 10_000 });
  clock.record({ fromMs: 200, toMs: 202, offsetMs: -1_000 });
  return clock;
}

test('before the first step it is the clock of this machine', () => {
  const clock = new SteppedClock();
  expect(clock.readingAt(50)).toBe(50);
  expect(clock.latestReading(10, 50)).toBe(50);
  expect(clock.latestBelief(50, 1_000)).toBe(50);
  expect(clock.spansSince(20, 0, 50)).toEqual([{ fromMs: 20, toMs: 50 }]);
});

test('the latest reading of a span may be one before a step back', () => {
  const clock = clockWithSteps();
  expect(clock.latestReading(0, 99)).toBe(99);
  expect(clock.latestReading(0, 150)).toBe(10_150);
  expect(clock.latestReading(0, 5_000)).toBe(10_202);
  expect(clock.latestReading(300, 400)).toBe(-600);
});

test('while a step takes effect, it may read either', () => {
  const clock = clockWithSteps();
  expect(clock.latestReading(100, 100)).toBe(10_100);
  expect(clock.latestReading(202, 202)).toBe(10_202);
  expect(clock.latestReading(203, 203)).toBe(-797);
});

test('who learns of a step back with a delay goes on by the old clock', () => {
  const clock = clockWithSteps();
  expect(clock.latestBelief(250, 100)).toBe(10_250);
  expect(clock.latestBelief(303, 100)).toBe(-697);
});

test('a program may have shown what lies a little beyond a step back', () => {
  const clock = clockWithSteps();
  expect(clock.mayHaveBelieved(10_250, 10_260, 5_000, 100)).toBe(true);
  expect(clock.mayHaveBelieved(10_303, 10_310, 5_000, 100)).toBe(false);
  expect(clock.mayHaveBelieved(10_250, 10_260, 240, 100)).toBe(false);
  expect(clock.mayHaveBelieved(-600, -590, 400, 0)).toBe(true);
});

test('a reading is reached for a while, and again after a step back', () => {
  const clock = clockWithSteps();
  expect(clock.spansSince(10_150, 0, 300)).toEqual([{ fromMs: 150, toMs: 202 }]);
  expect(clock.spansSince(50, 0, 1_100)).toEqual([
    { fromMs: 50, toMs: 102 },
    { fromMs: 102, toMs: 202 },
    { fromMs: 1_050, toMs: 1_100 },
  ]);
  expect(clock.spansSince(50, 210, 300)).toEqual([]);
});

test('it may have read what any of its steps makes possible', () => {
  const clock = clockWithSteps();
  expect(clock.mayHaveRead(150, 140, 160)).toBe(true);
  expect(clock.mayHaveRead(150, 10_140, 10_160)).toBe(true);
  expect(clock.mayHaveRead(150, 5_000, 6_000)).toBe(false);
});
