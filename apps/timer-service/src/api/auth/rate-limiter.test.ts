import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateLimiter } from './rate-limiter.ts';

function limiterAt(max: number, windowMs: number) {
  const time = { ms: 0 };
  const limiter = new RateLimiter({ max, windowMs }, { monotonicMs: () => time.ms, wallMs: () => 0 });
  return { time, limiter };
}

describe('RateLimiter', () => {
  test('allows a burst, then as many requests as tokens are refilled', () => {
    const { time, limiter } = limiterAt(3, 1_000);
    expect([1, 2, 3].map(() => limiter.take('a').allowed)).toStrictEqual([true, true, true]);
    expect(limiter.take('a')).toStrictEqual({ allowed: false, remaining: 0, waitMs: 334 });
    time.ms = 333;
    expect(limiter.take('a').allowed).toBe(false);
    time.ms = 334;
    expect(limiter.take('a')).toMatchObject({ allowed: true, remaining: 0 });
    time.ms = 60_000;
    expect(limiter.take('a')).toMatchObject({ allowed: true, remaining: 2, waitMs: 0 });
  });

  test('counts each client separately', () => {
    const { limiter } = limiterAt(1, 1_000);
    expect(limiter.take('a').allowed).toBe(true);
    expect(limiter.take('b').allowed).toBe(true);
    expect(limiter.take('a').allowed).toBe(false);
  });

  test('keeps the ten thousand most recently seen clients', () => {
    const { limiter } = limiterAt(2, 1_000_000_000);
    limiter.take('a');
    for (let index = 0; index < 9_999; index += 1) limiter.take(`other ${index}`);
    expect(limiter.take('a')).toMatchObject({ allowed: true, remaining: 0 });
    for (let index = 0; index < 9_999; index += 1) limiter.take(`another ${index}`);
    expect(limiter.take('a').allowed).toBe(false);
    expect(limiter.take('other 1')).toMatchObject({ allowed: true, remaining: 1 });
  });

  test('never allows more than the burst and the refilled tokens', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
        (max, pauses) => {
          const { time, limiter } = limiterAt(max, 1_000);
          let allowed = 0;
          for (const pause of pauses) {
            time.ms += pause;
            const usage = limiter.take('a');
            if (usage.allowed) allowed += 1;
            else {
              expect(usage.waitMs).toBeGreaterThan(0);
              expect(usage.waitMs).toBeLessThanOrEqual(1_000);
            }
          }
          expect(allowed).toBeLessThanOrEqual(max + (time.ms * max) / 1_000);
        },
      ),
    );
  });
});
