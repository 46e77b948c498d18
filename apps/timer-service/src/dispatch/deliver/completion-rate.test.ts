import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CompletionRate } from './completion-rate.ts';

function rateWith(completions: readonly number[]): CompletionRate {
  const rate = new CompletionRate(0);
  for (const nowMs of completions) rate.completed(nowMs);
  return rate;
}

describe('CompletionRate', () => {
  test('is 0 before the first completion', () => {
    expect(new CompletionRate(0).perSecond(500)).toBe(0);
  });

  test('is extrapolated from a part of a second, and counts for the whole second that follows', () => {
    const rate = rateWith([100, 200, 300]);
    expect(rate.perSecond(300)).toBe(10);
    expect(rate.perSecond(600)).toBe(5);
    expect(rate.perSecond(1_000)).toBe(3);
    expect(rate.perSecond(1_999)).toBe(3);
    expect(rate.perSecond(2_000)).toBe(0);
  });

  test('is the larger of the current and the previous second', () => {
    const rate = rateWith([100, 200, 300, 1_100]);
    expect(rate.perSecond(1_500)).toBe(3);
    for (const nowMs of [1_300, 1_400, 1_500]) rate.completed(nowMs);
    expect(rate.perSecond(1_900)).toBe(5);
  });

  test('is 0 after two seconds without a completion', () => {
    expect(rateWith([100, 200]).perSecond(2_000)).toBe(0);
  });

  test('is at most ten times the completions within any second', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 });
    fc.assert(
      fc.property(pauses, (steps) => {
        const completions: number[] = [];
        let nowMs = 0;
        for (const step of steps) completions.push((nowMs += step));
        const within = (fromMs: number) =>
          completions.filter((at) => at >= fromMs && at < fromMs + 1_000).length;
        const most = Math.max(0, ...completions.map(within));
        expect(rateWith(completions).perSecond(nowMs)).toBeLessThanOrEqual(10 * most);
      }),
    );
  });
});
