import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { localTimeOf, offsetAt, resolveLocalTime } from './zoned-time.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Apia',
  'Asia/Kolkata',
];
const resolve = (text: string, zone: string, pass: 'first' | 'second' = 'first') =>
  resolveLocalTime({ text, pass }, zone);

describe('resolveLocalTime', () => {
  test('finds every instant again from its local time, in every zone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
        fc.constantFrom(...ZONES),
        (instant, zone) => {
          expect(resolveLocalTime(localTimeOf(instant, zone), zone)).toMatchObject({
            kind: 'instant',
            at: instant,
          });
        },
      ),
    );
  });

  test('finds instants again around every change of the clocks', () => {
    for (const change of ['2030-03-31T01:00:00Z', '2030-10-27T01:00:00Z', '2011-12-30T10:00:00Z'])
      for (let minutes = -180; minutes <= 180; minutes += 15)
        for (const zone of ZONES) {
          const at = Date.parse(change) + minutes * 60_000;
          expect(resolveLocalTime(localTimeOf(at, zone), zone)).toMatchObject({ kind: 'instant', at });
        }
  });

  test('a local time that clocks go over does not exist', () => {
    expect(resolve('2030-03-31T02:30', 'Europe/Berlin')).toEqual({
      kind: 'invalid',
      problem: 'does not exist in Europe/Berlin: clocks go forward over it',
    });
    expect(resolve('2011-12-30T12:00', 'Pacific/Apia').kind).toBe('invalid');
  });

  test('a local time that comes twice means either pass', () => {
    const [first, second] = ['2030-10-27T00:30:00Z', '2030-10-27T01:30:00Z'].map((text) => Date.parse(text));
    expect(resolve('2030-10-27T02:30', 'Europe/Berlin')).toEqual({
      kind: 'instant',
      at: first,
      passes: [first, second],
    });
    expect(resolve('2030-10-27T02:30', 'Europe/Berlin', 'second')).toMatchObject({ at: second });
  });

  test.each(['2030-02-30T00:00', '2030-01-31', '2030-01-31T24:30', 'tomorrow'])('refuses %s', (text) => {
    expect(resolve(text, 'UTC').kind).toBe('invalid');
  });

  test('refuses a zone that nobody knows, and nothing typed is no time', () => {
    expect(resolve('2030-01-31T09:00', 'Mars/Olympus')).toEqual({
      kind: 'invalid',
      problem: 'this browser knows no time zone Mars/Olympus',
    });
    expect(resolve(' ', 'UTC')).toEqual({ kind: 'unset' });
  });
});

test('offsets have minutes, and change within the year', () => {
  expect(offsetAt(Date.UTC(2030, 0), 'Asia/Kolkata')).toBe(5.5 * 3_600_000);
  expect(
    offsetAt(Date.UTC(2030, 6), 'Australia/Lord_Howe') - offsetAt(Date.UTC(2030, 0), 'Australia/Lord_Howe'),
  ).toBe(-1_800_000);
});
