import { describe, expect, test } from '@jest/globals';
import { parseElapsed, parseInstant } from './parse-instant.ts';

const iso = (instant: Parameters<typeof parseInstant>[0]) => new Date(parseInstant(instant)).toISOString();

describe('parseInstant', () => {
  test.each([
    [new Date('2030-01-01T00:00:00Z'), '2030-01-01T00:00:00.000Z'],
    [1_893_456_000_000, '2030-01-01T00:00:00.000Z'],
    ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00.000Z'],
    ['2030-01-01T02:00:00.5+02:00', '2030-01-01T00:00:00.500Z'],
    ['2030-01-01T01:00[Europe/Berlin]', '2030-01-01T00:00:00.000Z'],
    ['2030-07-01T02:00:30[Europe/Berlin]', '2030-07-01T00:00:30.000Z'],
    ['2029-12-31T19:00[America/New_York]', '2030-01-01T00:00:00.000Z'],
    ['2030-01-01T14:00[Pacific/Kiritimati]', '2030-01-01T00:00:00.000Z'],
  ])('%s is %s', (instant, expected) => {
    expect(iso(instant)).toBe(expected);
  });

  test('around the change to summer time, a skipped local time is moved forward', () => {
    // On 2030-03-31 Berlin goes from 02:00 to 03:00.
    expect(iso('2030-03-31T01:59[Europe/Berlin]')).toBe('2030-03-31T00:59:00.000Z');
    expect(iso('2030-03-31T02:30[Europe/Berlin]')).toBe('2030-03-31T01:30:00.000Z');
    expect(iso('2030-03-31T03:00[Europe/Berlin]')).toBe('2030-03-31T01:00:00.000Z');
  });

  test('around the change from summer time, a repeated local time is the earlier one', () => {
    // On 2030-10-27 Berlin goes from 03:00 to 02:00.
    expect(iso('2030-10-27T01:59[Europe/Berlin]')).toBe('2030-10-26T23:59:00.000Z');
    expect(iso('2030-10-27T02:30[Europe/Berlin]')).toBe('2030-10-27T00:30:00.000Z');
    expect(iso('2030-10-27T03:00[Europe/Berlin]')).toBe('2030-10-27T02:00:00.000Z');
  });

  test.each([
    'tomorrow',
    '2030-01-01',
    '2030-01-01T00:00:00',
    '2030-13-01T00:00[Europe/Berlin]',
    '',
    Number.NaN,
  ])('refuses %j', (instant) => {
    expect(() => parseInstant(instant)).toThrow(RangeError);
  });

  test('refuses a zone that does not exist by its name', () => {
    expect(() => parseInstant('2030-01-01T00:00[Europe/Atlantis]')).toThrow(
      'Unknown time zone "Europe/Atlantis"',
    );
  });
});

describe('parseElapsed', () => {
  test.each([
    ['30d', 2_592_000_000],
    ['1h30m', 5_400_000],
    [250, 250],
    [0, 0],
  ])('%s has %d ms', (duration, expected) => {
    expect(parseElapsed(duration)).toBe(expected);
  });

  test.each(['30', '1 day', '', -1, Number.POSITIVE_INFINITY])('refuses %j', (duration) => {
    expect(() => parseElapsed(duration)).toThrow(RangeError);
  });
});
