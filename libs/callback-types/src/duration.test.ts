import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { issuesOf } from '../testing/issues-of.ts';
import { durationSchema, formatDuration, parseDuration } from './duration.ts';

const SHAPE = ': must be a duration such as "250ms", "90s" or "1d12h"';

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [250, '250ms'],
    [90_000, '1m30s'],
    [129_600_000, '1d12h'],
    [131_405_007, '1d12h30m5s7ms'],
    [36_525 * 86_400_000, '36525d'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('is the inverse of parseDuration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 36_525 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
        expect(issuesOf(durationSchema(0), formatDuration(ms))).toEqual([]);
      }),
    );
  });
});

describe('parseDuration', () => {
  test.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1d12h', 129_600_000],
    ['1d12h30m5s7ms', 131_405_007],
    ['0s', 0],
    ['007s', 7_000],
    ['1m1m', 120_000],
    ['1s1h', 3_601_000],
    ['36525d', 36_525 * 86_400_000],
  ])('parses %s to %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [''],
    ['5'],
    ['s'],
    ['1.5h'],
    ['-1s'],
    ['+1s'],
    ['1 s'],
    [' 1s'],
    ['1s\n'],
    ['1S'],
    ['1w'],
    ['1y'],
    ['PT5M'],
    ['1s5'],
    ['١s'],
    ['1e3ms'],
    ['1234567890123456s'],
  ])('returns undefined for %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('adds up all parts', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    const part = fc.record({
      amount: fc.nat({ max: 9_999 }),
      unit: fc.constantFrom('ms', 's', 'm', 'h', 'd'),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const text = parts.map(({ amount, unit }) => `${amount}${unit}`).join('');
        const sum = parts.reduce((total, { amount, unit }) => total + amount * units[unit], 0);
        expect(parseDuration(text)).toBe(sum);
      }),
    );
  });

  test('returns a non-negative integer or undefined for any text of any length', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9dhms]{0,40}$/));
    fc.assert(
      fc.property(text, (value) => {
        const ms = parseDuration(value);
        expect(ms === undefined || (Number.isInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
    expect(parseDuration('1'.repeat(100_000))).toBeUndefined();
    expect(parseDuration(`${'1m'.repeat(100_000)}!`)).toBeUndefined();
  });
});

describe('durationSchema', () => {
  test('returns the text unchanged', () => {
    expect(durationSchema().parse('1d12h')).toBe('1d12h');
  });

  test.each<[unknown, string[]]>([
    ['', [SHAPE]],
    ['tomorrow', [SHAPE]],
    ['1.5h', [SHAPE]],
    [90, [': Invalid input: expected string, received number']],
    ['0ms', [': must be between 1 ms and 3155760000000 ms, got 0 ms']],
    ['36525d1ms', [': must be between 1 ms and 3155760000000 ms, got 3155760000001 ms']],
    ['1s'.repeat(33), [': Too big: expected string to have <=64 characters']],
    ['x'.repeat(65), [': Too big: expected string to have <=64 characters', SHAPE]],
  ])('rejects %j', (value, issues) => {
    expect(issuesOf(durationSchema(), value)).toEqual(issues);
  });

  test('accepts durations from the minimum to the maximum, both included', () => {
    const schema = durationSchema(1_000, 60_000);
    expect(issuesOf(schema, '1s')).toEqual([]);
    expect(issuesOf(schema, '1m')).toEqual([]);
    expect(issuesOf(schema, '999ms')).toEqual([': must be between 1000 ms and 60000 ms, got 999 ms']);
    expect(issuesOf(schema, '1m1ms')).toEqual([': must be between 1000 ms and 60000 ms, got 60001 ms']);
  });
});
