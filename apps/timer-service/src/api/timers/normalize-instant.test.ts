import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normalizeInstant } from './normalize-instant.ts';

describe('normalizeInstant', () => {
  test.each([
    ['2030-01-31T09:00:00Z', '2030-01-31T09:00:00.000Z'],
    ['2030-01-31T09:00:00.1Z', '2030-01-31T09:00:00.100Z'],
    ['2030-01-31T09:00:00.123000Z', '2030-01-31T09:00:00.123Z'],
    ['2030-01-31T09:00:00.123000001Z', '2030-01-31T09:00:00.124Z'],
    ['2030-12-31T23:59:59.9999Z', '2031-01-01T00:00:00.000Z'],
    ['2030-01-31T09:00:00+02:00', '2030-01-31T07:00:00.000Z'],
    ['2030-01-31T09:00:00-23:59', '2030-02-01T08:59:00.000Z'],
    ['2028-02-29T23:30:00-01:00', '2028-03-01T00:30:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('converts %s to %s', (text, expected) => {
    expect(normalizeInstant(text)).toBe(expected);
  });

  test.each(['9999-12-31T23:59:59.9999Z', '9999-12-31T23:59:59-23:00', '2030-13-01T00:00:00Z', ''])(
    'returns undefined for %j',
    (text) => {
      expect(normalizeInstant(text)).toBeUndefined();
    },
  );

  test('is never earlier than the given instant, and less than a millisecond later', () => {
    const latest = new Date('9998-01-01T00:00:00Z');
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-02T00:00:00Z'), max: latest, noInvalidDate: true }),
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.integer({ min: -1_439, max: 1_439 }),
        (date, nanos, offset) => {
          const seconds = Math.floor(date.getTime() / 1_000);
          const local = new Date((seconds + offset * 60) * 1_000).toISOString().slice(0, 19);
          const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
          const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
          const text = `${local}.${String(nanos).padStart(9, '0')}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
          const given = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
          const normalized = BigInt(Date.parse(normalizeInstant(text) ?? '')) * 1_000_000n;
          expect(normalized >= given && normalized - given < 1_000_000n).toBe(true);
        },
      ),
    );
  });
});
