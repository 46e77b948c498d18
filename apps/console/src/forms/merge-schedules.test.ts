import { describe, expect, test } from '@jest/globals';
import { changesBetween, mergeForms } from './merge-schedules.ts';
import { emptySchedule } from './schedule-form.ts';

const callback = { type: 'http', url: 'https://a.example/' } as const;

describe('changesBetween', () => {
  test('names the fields that differ, also those that only one has', () => {
    expect(
      changesBetween(
        { cron: '@daily', jitter: '1s', callback },
        { cron: '@hourly', callback, metadata: { a: 1 } },
      ),
    ).toEqual([
      { field: 'cron', before: '@daily', after: '@hourly' },
      { field: 'jitter', before: '1s', after: undefined },
      { field: 'metadata', before: undefined, after: { a: 1 } },
    ]);
  });

  test('the order of fields is no difference', () => {
    expect(
      changesBetween(
        { cron: '@daily', callback, metadata: { a: 1, b: [{ c: 1, d: 2 }] } },
        { callback, metadata: { b: [{ d: 2, c: 1 }], a: 1 }, cron: '@daily' },
      ),
    ).toEqual([]);
  });
});

describe('mergeForms', () => {
  const base = emptySchedule('UTC');

  test('has the changes of both', () => {
    const theirs = { ...base, timing: { ...base.timing, cron: '@hourly' } };
    expect(mergeForms(base, theirs, { ...base, jitter: '5s' })).toEqual({
      form: { ...theirs, jitter: '5s' },
      conflicts: [],
    });
  });

  test('keeps mine where both changed the same part, and says so', () => {
    const mine = { ...base, overlap: 'skip' as const, jitter: '5s' };
    const merged = mergeForms(base, { ...base, overlap: 'buffer_one', jitter: '5s' }, mine);
    expect(merged).toEqual({ form: mine, conflicts: ['overlap'] });
  });
});
