import { describe, expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import { SCHEDULE_HEADERS } from './delivery-headers.ts';
import {
  backfillScheduleRequestSchema,
  listOccurrencesQuerySchema,
  listSchedulesQuerySchema,
  pauseScheduleRequestSchema,
  previewScheduleRequestSchema,
  putScheduleRequestSchema,
  resumeScheduleRequestSchema,
  scheduleParamsSchema,
  triggerScheduleRequestSchema,
} from './schedule-requests.ts';

const callback = { type: 'http', url: 'https://example.com/hook' };
const cron = '0 9 * * *';
const LONG = '0 0 1 1 * '.padEnd(257, ' ');

describe('putScheduleRequestSchema', () => {
  test.each<[object]>([
    [{ cron, callback }],
    [{ cron: [cron, '@daily', '0 0 9 * * MON-FRI 2030'], callback }],
    [{ every: '1s', callback }],
    [{ every: '1d', phase: '0s', callback }],
    [{ every: '1d', phase: '23h59m59s999ms', callback }],
    [{ every: '1d', time_zone: 'UTC', callback }],
    [{ every: '1d', time_zone: 'Europe/Berlin', exclude: ['2030-12-25'], callback }],
    [{ cron, start_at: '2020-01-01T00:00:00Z', end_at: '2020-01-01T00:00:00Z', callback }],
    [{ cron, time_zone: 'America/Argentina/ComodRivadavia', callback }],
    [{ cron, time_zone: 'Etc/GMT+5', callback }],
    [{ cron, exclude: [], callback: { type: 'nats', topic: 'a', headers: { 'Timer-Other': '1' } } }],
    [
      {
        cron,
        every: null,
        phase: null,
        time_zone: 'Europe/Berlin',
        exclude: ['2030-12-24/2030-12-26', '* * * * SUN'],
        start_at: '2030-01-01T00:00:00+01:00',
        end_at: null,
        max_occurrences: 1_000_000_000,
        jitter: '30s',
        overlap: 'buffer_one',
        catch_up: 'all',
        catch_up_window: '7d',
        catch_up_spacing: '0s',
        expires_after: '1h',
        callback,
        retry: { max_attempts: 1 },
        metadata: { team: 'billing' },
        pause_after_failures: 5,
      },
    ],
  ])('returns %j unchanged', (request) => {
    expect(putScheduleRequestSchema.parse(request)).toEqual(request);
  });

  test.each<[object, string[]]>([
    [{}, ['cron: is required unless every is set']],
    [{ cron: null, every: null }, ['cron: is required unless every is set']],
    [{ cron, every: '1h' }, ['every: cannot be combined with cron']],
    [{ cron, phase: '1m' }, ['phase: is only for every']],
    [{ cron: 5 }, ['cron: must be a cron expression or an array of cron expressions']],
    [{ cron: '' }, ['cron: Too small: expected string to have >=1 characters']],
    [{ cron: LONG }, ['cron: Too big: expected string to have <=256 characters']],
    [{ cron: '0 9 * * *\n' }, ['cron: must contain only ASCII characters, without tabs and line breaks']],
    [{ cron: [] }, ['cron: Too small: expected array to have >=1 items']],
    [{ cron: Array.from({ length: 11 }, () => cron) }, ['cron: Too big: expected array to have <=10 items']],
    [
      { cron: [cron, LONG, null] },
      [
        'cron.1: Too big: expected string to have <=256 characters',
        'cron.2: Invalid input: expected string, received null',
      ],
    ],
    [{ every: '999ms' }, ['every: must be between 1000 ms and 3155760000000 ms, got 999 ms']],
    [{ every: '1h', phase: '1h' }, ['phase: must be shorter than every']],
    [{ every: 'PT1H' }, ['every: must be a duration such as "250ms", "90s" or "1d12h"']],
    [
      { every: '1d', time_zone: 'Europe/Berlin' },
      ['time_zone: has no effect on every, which follows real time: use cron for local times'],
    ],
    [
      { cron, time_zone: 'Europe/Berlin; DROP TABLE' },
      ['time_zone: must be an IANA time zone such as Europe/Berlin'],
    ],
    [
      { cron, exclude: Array.from({ length: 101 }, () => '2030-12-25') },
      ['exclude: Too big: expected array to have <=100 items'],
    ],
    [{ cron, exclude: '2030-12-25' }, ['exclude: Invalid input: expected array, received string']],
    [{ cron, start_at: '1969-12-31T23:59:59Z' }, ['start_at: must not be before the year 1970']],
    [{ cron, end_at: '9999-12-31T23:59:59-01:00' }, ['end_at: must be before the year 10000']],
    [
      { cron, start_at: '2030-01-01T00:00:00Z', end_at: '2030-01-01T00:59:59+01:00' },
      ['end_at: must not be before start_at'],
    ],
    [{ cron, max_occurrences: 0 }, ['max_occurrences: Too small: expected number to be >=1']],
    [{ cron, max_occurrences: 1.5 }, ['max_occurrences: Invalid input: expected int, received number']],
    [{ cron, max_occurrences: 1e10 }, ['max_occurrences: Too big: expected number to be <=1000000000']],
    [{ cron, jitter: 30 }, ['jitter: Invalid input: expected string, received number']],
    [
      { cron, overlap: 'queue' },
      ['overlap: Invalid option: expected one of "allow"|"skip"|"buffer_one"|"cancel_previous"'],
    ],
    [{ cron, catch_up: true }, ['catch_up: Invalid option: expected one of "none"|"latest"|"all"']],
    [
      { cron, catch_up_window: '0s' },
      ['catch_up_window: must be between 1 ms and 3155760000000 ms, got 0 ms'],
    ],
    [{ cron, expires_after: '0s' }, ['expires_after: must be between 1 ms and 3155760000000 ms, got 0 ms']],
    [{ cron, pause_after_failures: 1_001 }, ['pause_after_failures: Too big: expected number to be <=1000']],
    [{ cron, key: 'a' }, [': Unrecognized key: "key"']],
    [{ cron, next_at: null }, [': Unrecognized key: "next_at"']],
    [
      { every: '1.5h', phase: '1m', exclude: 5, color: 'red', overlap: 'no' },
      [
        'every: must be a duration such as "250ms", "90s" or "1d12h"',
        'exclude: Invalid input: expected array, received number',
        'overlap: Invalid option: expected one of "allow"|"skip"|"buffer_one"|"cancel_previous"',
        ': Unrecognized key: "color"',
      ],
    ],
  ])('rejects %j', (request, issues) => {
    expect(issuesOf(putScheduleRequestSchema, { callback, ...request })).toEqual(issues);
  });

  test.each<[unknown, string]>([
    [null, ': Invalid input: expected object, received null'],
    [[], ': Invalid input: expected object, received array'],
    [{ cron }, 'callback: Invalid input: expected object, received undefined'],
  ])('rejects %j, which has no callback', (request, issue) => {
    expect(issuesOf(putScheduleRequestSchema, request)).toEqual([issue]);
  });

  test.each(Object.values(SCHEDULE_HEADERS))('reserves the header %s, in any case', (name) => {
    for (const shape of [callback, { type: 'nats', topic: 'reports' }]) {
      const request = { cron, callback: { ...shape, headers: { [name.toUpperCase()]: 'x' } } };
      expect(issuesOf(putScheduleRequestSchema, request)).toEqual([
        `callback.headers.${name.toUpperCase()}: is reserved: the service sets this header on occurrences of schedules`,
      ]);
    }
  });

  test('rejects lists with a million items without looking at all of them', () => {
    const million = Array.from({ length: 1_000_000 }, () => LONG);
    const startedAt = performance.now();
    expect(issuesOf(putScheduleRequestSchema, { cron: million, callback }).length).toBeLessThan(20);
    expect(issuesOf(putScheduleRequestSchema, { cron, exclude: million, callback }).length).toBeLessThan(110);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('previewScheduleRequestSchema', () => {
  test('has 10 occurrences by default, and at most 100', () => {
    expect(previewScheduleRequestSchema.parse({ cron })).toEqual({ cron, count: 10 });
    const request = { every: '1h', phase: '5m', from: '2020-01-01T00:00:00Z', count: 100 };
    expect(previewScheduleRequestSchema.parse(request)).toEqual(request);
    expect(issuesOf(previewScheduleRequestSchema, { cron, count: 101 })).toEqual([
      'count: Too big: expected number to be <=100',
    ]);
  });

  test('has no callback, and the rules of a schedule', () => {
    expect(issuesOf(previewScheduleRequestSchema, { cron, every: '1h', callback })).toEqual([
      ': Unrecognized key: "callback"',
      'every: cannot be combined with cron',
    ]);
  });
});

describe('pauseScheduleRequestSchema', () => {
  test.each<[object]>([
    [{}],
    [{ note: 'stock'.repeat(200), until: '2030-01-01T00:00:00Z' }],
    [{ note: null }],
  ])('returns %j unchanged', (request) => {
    expect(pauseScheduleRequestSchema.parse(request)).toEqual(request);
  });

  test.each<[object, string]>([
    [{ note: 'x'.repeat(1_001) }, 'note: Too big: expected string to have <=1000 characters'],
    [{ note: 'a\u0000' }, 'note: must not contain the character U+0000, which PostgreSQL cannot store'],
    [{ note: '\ud800' }, 'note: must be well-formed Unicode, without lone surrogates'],
    [{ note: 5 }, 'note: Invalid input: expected string, received number'],
    [
      { until: '1h' },
      'until: must be an RFC 3339 date and time with an offset, such as 2030-01-31T09:00:00Z',
    ],
    [{ for: '1h' }, ': Unrecognized key: "for"'],
  ])('rejects %j', (request, issue) => {
    expect(issuesOf(pauseScheduleRequestSchema, request)).toEqual([issue]);
  });
});

test('a schedule resumes without the occurrences of the pause, unless told otherwise', () => {
  expect(resumeScheduleRequestSchema.parse({})).toEqual({ catch_up: 'none' });
  expect(resumeScheduleRequestSchema.parse({ catch_up: 'all' })).toEqual({ catch_up: 'all' });
  expect(issuesOf(resumeScheduleRequestSchema, { catch_up: 'some' })).toEqual([
    'catch_up: Invalid option: expected one of "none"|"latest"|"all"',
  ]);
});

test('a trigger has no fields', () => {
  expect(triggerScheduleRequestSchema.parse({})).toEqual({});
  expect(issuesOf(triggerScheduleRequestSchema, { payload: 1 })).toEqual([': Unrecognized key: "payload"']);
});

describe('backfillScheduleRequestSchema', () => {
  const from = '2030-01-01T00:00:00Z';

  test('creates unless it is a dry run', () => {
    expect(backfillScheduleRequestSchema.parse({ from, to: from })).toEqual({
      from,
      to: from,
      dry_run: false,
    });
    const request = { from, to: '2030-01-02T00:00:00+01:00', spacing: '0s', dry_run: true };
    expect(backfillScheduleRequestSchema.parse(request)).toEqual(request);
  });

  test.each<[object, string]>([
    [{ from }, 'to: must be an RFC 3339 date and time with an offset, such as 2030-01-31T09:00:00Z'],
    [{ from, to: '2030-01-01T00:59:59+01:00' }, 'to: must not be before from'],
    [{ from, to: from, dry_run: 'yes' }, 'dry_run: Invalid input: expected boolean, received string'],
    [{ from, to: from, spacing: '-1s' }, 'spacing: must be a duration such as "250ms", "90s" or "1d12h"'],
  ])('rejects %j', (request, issue) => {
    expect(issuesOf(backfillScheduleRequestSchema, request)).toEqual([issue]);
  });
});

describe('the queries of lists', () => {
  test('have text values', () => {
    expect(listSchedulesQuerySchema.parse({})).toEqual({ limit: 50 });
    expect(listSchedulesQuerySchema.parse({ limit: '200', paused: 'true', prefix: 'daily-' })).toEqual({
      limit: 200,
      paused: true,
      prefix: 'daily-',
    });
    expect(listSchedulesQuerySchema.parse({ paused: 'false' }).paused).toBe(false);
    expect(listOccurrencesQuerySchema.parse({ limit: '1', cursor: 'abc' })).toEqual({
      limit: 1,
      cursor: 'abc',
    });
  });

  test.each<[object, string]>([
    [{ limit: '201' }, 'limit: Too big: expected number to be <=200'],
    [{ paused: 'yes' }, 'paused: must be true or false'],
    [{ prefix: '' }, 'prefix: Too small: expected string to have >=1 characters'],
    [{ status: 'pending' }, ': Unrecognized key: "status"'],
  ])('reject %j', (query, issue) => {
    expect(issuesOf(listSchedulesQuerySchema, query)).toEqual([issue]);
  });
});

test('the key of a schedule can be part of a path', () => {
  expect(issuesOf(scheduleParamsSchema, { key: 'preview' })).toEqual([]);
  expect(issuesOf(scheduleParamsSchema, { key: '..' })).toEqual(['key: must not be . or ..']);
  expect(issuesOf(scheduleParamsSchema, { key: 'x'.repeat(256) })).toEqual([
    'key: Too big: expected string to have <=255 characters',
  ]);
});
