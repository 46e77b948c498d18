import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateLimit } from './rate-limit.ts';

test('a low rate spaces attempts evenly, however long there was none', () => {
  const rate = new RateLimit(2);
  expect(rate.isFree(0)).toBe(true);
  rate.started(0);
  expect([rate.isFree(499), rate.isFree(500)]).toEqual([false, true]);
  rate.started(10_000);
  expect([rate.isFree(10_499), rate.nextMs]).toEqual([false, 10_500]);
});

test('attempts that start a little late do not lower the rate', () => {
  const rate = new RateLimit(10);
  rate.started(0);
  for (let n = 1; n <= 50; n += 1) rate.started(n * 100 + 3);
  expect(rate.nextMs).toBe(5_100);
});

test('a high rate makes up for a tenth of a second', () => {
  const rate = new RateLimit(1_000);
  let starts = 0;
  for (; rate.isFree(5_000); starts += 1) rate.started(5_000);
  expect(starts).toBe(100);
});

test('a higher rate shortens the wait for the next attempt, a lower one does not make it free', () => {
  const rate = new RateLimit(0.1);
  rate.started(0);
  rate.change(10, 1_000);
  expect(rate.nextMs).toBe(1_090);
  rate.change(0.1, 1_050);
  expect(rate.nextMs).toBe(1_090);
});

test('no window has more attempts than the rate, the burst and one', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 5_000, noNaN: true }),
      fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 40 }),
      (perSecond, gaps) => {
        const rate = new RateLimit(perSecond);
        const starts: number[] = [];
        let nowMs = 0;
        for (const gapMs of gaps) {
          nowMs += gapMs;
          for (let n = 0; n < 20 && rate.isFree(nowMs); n += 1) {
            rate.started(nowMs);
            starts.push(nowMs);
          }
        }
        const most = (ms: number) => (perSecond * (ms + 100)) / 1_000 + 1 + 1e-6;
        const tooMany = starts.filter((toMs, index) =>
          starts.slice(0, index).some((fromMs, first) => index - first + 1 > most(toMs - fromMs)),
        );
        expect(tooMany).toEqual([]);
      },
    ),
  );
});
