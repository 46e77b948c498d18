import { describe, expect, test } from '@jest/globals';
import { compileRecurrence } from './compile-recurrence.ts';
import type { Recurrence, RecurrenceSpec } from './recurrence.ts';

function compile(spec: Partial<RecurrenceSpec>): Recurrence {
  const result = compileRecurrence({ timeZone: 'UTC', ...spec });
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.recurrence;
}

function issuesOf(spec: Partial<RecurrenceSpec>): string[] {
  const result = compileRecurrence({ timeZone: 'UTC', ...spec });
  return result.ok ? [] : result.issues.map(({ path, message }) => `${path}: ${message}`);
}

/** The first occurrences after an instant, in local time, with the effect of a clock change. */
function occurrences(spec: Partial<RecurrenceSpec>, after: string, count: number): string[] {
  const recurrence = compile(spec);
  const found: string[] = [];
  let at = recurrence.next(Date.parse(after));
  while (at !== undefined && found.length < count) {
    const effect = recurrence.classify(at);
    found.push(recurrence.local(at) + (effect === null ? '' : ` ${effect}`));
    at = recurrence.next(at);
  }
  return found;
}

describe('clock changes', () => {
  test('a fixed time that is skipped occurs at the first instant after the gap', () => {
    expect(occurrences({ cron: ['30 2 * * *'], timeZone: 'Europe/Berlin' }, '2026-03-28T00:00Z', 3)).toEqual([
      '2026-03-28T02:30:00+01:00',
      '2026-03-29T03:00:00+02:00 gap',
      '2026-03-30T02:30:00+02:00',
    ]);
  });

  test('fixed times that are skipped together occur once', () => {
    expect(
      occurrences({ cron: ['0,15,30 2,3 * * *'], timeZone: 'Europe/Berlin' }, '2026-03-29T00:00Z', 3),
    ).toEqual(['2026-03-29T03:00:00+02:00', '2026-03-29T03:15:00+02:00', '2026-03-29T03:30:00+02:00']);
  });

  test('a fixed time that is repeated occurs once, at the first pass', () => {
    expect(occurrences({ cron: ['30 2 * * *'], timeZone: 'Europe/Berlin' }, '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T02:30:00+02:00 overlap',
      '2026-10-26T02:30:00+01:00',
    ]);
  });

  test('wildcards follow real time through a gap and an overlap', () => {
    const spec = { cron: ['*/30 * * * *'], timeZone: 'Europe/Berlin' };
    expect(occurrences(spec, '2026-03-29T00:00Z', 3)).toEqual([
      '2026-03-29T01:30:00+01:00',
      '2026-03-29T03:00:00+02:00',
      '2026-03-29T03:30:00+02:00',
    ]);
    expect(occurrences(spec, '2026-10-25T00:00Z', 4)).toEqual([
      '2026-10-25T02:30:00+02:00 overlap',
      '2026-10-25T02:00:00+01:00 overlap',
      '2026-10-25T02:30:00+01:00 overlap',
      '2026-10-25T03:00:00+01:00',
    ]);
  });

  test('the half hour of Lord Howe is skipped and repeated', () => {
    const spec = { cron: ['15 2 * * *'], timeZone: 'Australia/Lord_Howe' };
    expect(occurrences(spec, '2026-10-03T12:00Z', 1)).toEqual(['2026-10-04T02:30:00+11:00 gap']);
    const repeated = { ...spec, cron: ['45 1 * * *'] };
    expect(occurrences(repeated, '2026-04-04T12:00Z', 2)).toEqual([
      '2026-04-05T01:45:00+11:00 overlap',
      '2026-04-06T01:45:00+10:30',
    ]);
  });

  test('a zone that abolished its clock changes follows them up to then', () => {
    const spec = { cron: ['30 0 18 2 *', '0 12 1 1 *'], timeZone: 'America/Sao_Paulo' };
    expect(occurrences(spec, '2018-06-01T00:00Z', 4)).toEqual([
      '2019-01-01T12:00:00-02:00',
      '2019-02-18T00:30:00-03:00',
      '2020-01-01T12:00:00-03:00',
      '2020-02-18T00:30:00-03:00',
    ]);
  });

  test('a day that is skipped occurs at the start of the next, once', () => {
    const spec = { cron: ['0 9,15 * * *'], timeZone: 'Pacific/Apia' };
    expect(occurrences(spec, '2011-12-29T22:00Z', 3)).toEqual([
      '2011-12-29T15:00:00-10:00',
      '2011-12-31T00:00:00+14:00 gap',
      '2011-12-31T09:00:00+14:00',
    ]);
  });

  test('an interval does not know clock changes', () => {
    const recurrence = compile({ everyMs: 5_400_000, phaseMs: 60_000 });
    expect(recurrence.next(0)).toBe(60_000);
    expect(recurrence.next(60_000)).toBe(5_460_000);
    expect(recurrence.next(59_999)).toBe(60_000);
    expect(recurrence.classify(60_000)).toBeNull();
  });
});

describe('several expressions', () => {
  test('an instant of several expressions is one occurrence', () => {
    expect(occurrences({ cron: ['0 9 * * *', '0 9 1 * *', '0 18 * * *'] }, '2026-01-01T00:00Z', 3)).toEqual([
      '2026-01-01T09:00:00+00:00',
      '2026-01-01T18:00:00+00:00',
      '2026-01-02T09:00:00+00:00',
    ]);
  });

  test('seconds are first and years last', () => {
    const spec = { cron: ['5 0 12 24 12 * 2026,2028'] };
    expect(occurrences(spec, '2026-01-01T00:00Z', 3)).toEqual([
      '2026-12-24T12:00:05+00:00',
      '2028-12-24T12:00:05+00:00',
    ]);
  });

  test('start and end are included', () => {
    const recurrence = compile({
      cron: ['0 * * * *'],
      startAtMs: Date.UTC(2026, 0, 1, 9),
      endAtMs: Date.UTC(2026, 0, 1, 10),
    });
    expect(recurrence.next(0)).toBe(Date.UTC(2026, 0, 1, 9));
    expect(recurrence.next(Date.UTC(2026, 0, 1, 9))).toBe(Date.UTC(2026, 0, 1, 10));
    expect(recurrence.next(Date.UTC(2026, 0, 1, 10))).toBeUndefined();
  });
});

describe('exclusions', () => {
  test('dates and ranges of dates are local and included', () => {
    const spec = {
      cron: ['0 0 * * *'],
      timeZone: 'Asia/Tokyo',
      exclude: ['2026-12-24/2026-12-26', '2026-12-28'],
    };
    expect(occurrences(spec, '2026-12-22T15:00Z', 3)).toEqual([
      '2026-12-27T00:00:00+09:00',
      '2026-12-29T00:00:00+09:00',
      '2026-12-30T00:00:00+09:00',
    ]);
  });

  test('an expression of five fields excludes whole minutes, one with seconds those seconds', () => {
    const minutes = { cron: ['*/20 * * * * *'], exclude: ['1-59 * * * *'] };
    expect(occurrences(minutes, '2026-01-01T00:00:20Z', 2)).toEqual([
      '2026-01-01T00:00:40+00:00',
      '2026-01-01T01:00:00+00:00',
    ]);
    const seconds = { cron: ['*/20 * * * * *'], exclude: ['20 * * * * *'] };
    expect(occurrences(seconds, '2026-01-01T00:00:00Z', 2)).toEqual([
      '2026-01-01T00:00:40+00:00',
      '2026-01-01T00:01:00+00:00',
    ]);
  });

  test('a local time that is excluded is excluded in both passes', () => {
    const spec = { cron: ['*/30 * * * *'], timeZone: 'Europe/Berlin', exclude: ['30 2 * * *'] };
    expect(occurrences(spec, '2026-10-25T00:00Z', 2)).toEqual([
      '2026-10-25T02:00:00+01:00 overlap',
      '2026-10-25T03:00:00+01:00',
    ]);
  });

  test('a fixed time in a gap is excluded by its own local time', () => {
    const spec = { cron: ['30 2 * * *'], timeZone: 'Europe/Berlin', exclude: ['* 2 * * SUN'] };
    expect(occurrences(spec, '2026-03-28T12:00Z', 1)).toEqual(['2026-03-30T02:30:00+02:00']);
  });

  test('an interval steps over what is excluded', () => {
    const spec = { everyMs: 7_000, exclude: ['* 0-22 * * *', '* 23 * * 1-6'] };
    const at = compile(spec).next(Date.UTC(2026, 10, 26)) ?? 0;
    expect(new Date(at).toISOString()).toMatch(/^2026-11-29T23:00:0\d\.000Z$/);
    expect(at % 7_000).toBe(0);
  });
});

describe('invalid specifications', () => {
  test.each<[string, Partial<RecurrenceSpec>, unknown[]]>([
    [
      'a day that no month has',
      { cron: ['0 0 30 2 *'] },
      ['cron: never occurs: no year from 1970 has such a day'],
    ],
    ['a value out of range', { cron: ['0 9 * * *', '61 * * * *'] }, ['cron.1: invalid value for minute: 61']],
    ['too few fields', { cron: ['* * *'] }, [expect.stringMatching(/^cron: has 3 fields; expected minute/)]],
    ['a nickname without a time', { cron: ['@reboot'] }, [expect.stringMatching(/^cron: unknown nickname/)]],
    ['an instant', { cron: ['2026-01-01T00:00:00Z'] }, [expect.stringMatching(/^cron: has 1 field;/)]],
    ['a long expression', { cron: [`${'0,'.repeat(128)}0 * * * *`] }, ['cron: has more than 256 characters']],
    [
      'a date that does not exist',
      { cron: ['@daily'], exclude: ['2026-02-29'] },
      ['exclude.0: no such date: 2026-02-29'],
    ],
    [
      'a range that ends before it begins',
      { cron: ['@daily'], exclude: ['2026-02-02/2026-02-01'] },
      ['exclude.0: 2026-02-02 is after 2026-02-01'],
    ],
    [
      'exclusions that leave nothing',
      { cron: ['@daily'], exclude: ['* * * * *'] },
      [expect.stringMatching(/^exclude: leaves no occurrence/)],
    ],
    [
      'an end before the first occurrence',
      { cron: ['@yearly'], startAtMs: 1, endAtMs: 2 },
      ['end_at: no occurrence is between start_at and end_at'],
    ],
    ['neither cron nor an interval', {}, ['cron: expected exactly one of cron and every']],
    [
      'an interval that is too short',
      { everyMs: 999 },
      ['every: expected an interval from one second to 100 years'],
    ],
    [
      'a phase that is too long',
      { everyMs: 1_000, phaseMs: 1_000 },
      ['phase: expected less than the interval'],
    ],
  ])('%s is refused', (_name, spec, issues) => {
    expect(issuesOf(spec)).toEqual(issues);
  });

  test.each(['+02:00', 'AST', 'Mars/Olympus', '', 'SystemV/PST8', '../etc/passwd', 'x'.repeat(65)])(
    '%j is no time zone',
    (timeZone) => {
      expect(issuesOf({ cron: ['@daily'], timeZone })).toEqual([
        expect.stringMatching(/^time_zone: unknown time zone/),
      ]);
    },
  );

  test.each([
    'UTC',
    'europe/berlin',
    'Asia/Kolkata',
    'Asia/Calcutta',
    'Etc/GMT+3',
    'US/Pacific',
    'America/Argentina/Ushuaia',
  ])('%s is a time zone', (timeZone) => {
    expect(issuesOf({ cron: ['@daily'], timeZone })).toEqual([]);
  });
});

describe('descriptions', () => {
  test.each<[string, Partial<RecurrenceSpec>]>([
    ['At 09:00, Monday through Friday', { cron: ['0 9 * * 1-5'] }],
    ['At 00:00, on day 1 of the month, or on Monday', { cron: ['0 0 1 * MON'] }],
    ['At 00:00, on day 1 of the month, only on Monday', { cron: ['0 0 1 * +MON'] }],
    ['At 09:00; and at 17:00, only on Sunday', { cron: ['0 9 * * *', '0 17 * * SUN'] }],
    ['Every hour', { everyMs: 3_600_000 }],
    ['Every 1 minute 30 seconds, shifted by 5 seconds', { everyMs: 90_000, phaseMs: 5_000 }],
    ['At 00:00; except 2026-12-24 to 2026-12-26', { cron: ['@daily'], exclude: ['2026-12-24/2026-12-26'] }],
    ['0 0 1,15W * *', { cron: ['0 0 1,15W * *'] }],
  ])('%s', (words, spec) => {
    expect(compile(spec).describe()).toBe(words);
  });
});

describe('bounds', () => {
  const secondsOneByOne = Array.from({ length: 60 }, (_, second) => `${second} * * * * *`);
  const daysOneByOne = Array.from({ length: 7 }, (_, day) => `* * * * ${day}`);
  const halves = ['0-58/2 * * * * *', '1-59/2 * * * * *'];

  test.each<[string, Partial<RecurrenceSpec>]>([
    ['seconds excluded one by one', { cron: ['* * * * * *'], exclude: secondsOneByOne }],
    ['odd and even seconds', { cron: ['* * * * * *'], exclude: halves }],
    ['an interval of which each occurrence is excluded', { everyMs: 86_400_000, exclude: ['0 0 * * *'] }],
    ['days of the week excluded one by one', { cron: ['@daily'], exclude: daysOneByOne }],
    ['ten expressions', { cron: Array.from({ length: 10 }, () => '* * * * * *'), exclude: secondsOneByOne }],
  ])('a search that finds nothing ends: %s', (_name, spec) => {
    const started = performance.now();
    expect(issuesOf(spec)).toEqual([expect.stringMatching(/^exclude: leaves no occurrence/)]);
    // Less than 0.3 s on an idle machine.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('a season of every minute is stepped over', () => {
    const spec = { cron: ['* * * * *'], exclude: ['* 0-8 * 1-11 *', '* 9-23 * 1-11 *'] };
    expect(occurrences(spec, '2026-01-01T00:00Z', 1)).toEqual(['2026-12-01T00:00:00+00:00']);
  });

  test('instants far away are within bounds', () => {
    const recurrence = compile({ cron: ['@yearly'] });
    expect(recurrence.next(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(recurrence.next(Number.MAX_SAFE_INTEGER)).toBeUndefined();
    expect(recurrence.next(Date.UTC(9_999, 0, 1))).toBeUndefined();
    expect(recurrence.next(Date.UTC(9_998, 0, 1))).toBe(Date.UTC(9_999, 0, 1));
  });
});
