import { describe, expect, test } from '@jest/globals';
import * as contract from '@timer-platform/callback-types';
import { readScheduleFile as readWith, type ScheduleFile } from './schedule-file.ts';

const readScheduleFile = (text: string): ScheduleFile => readWith(text, contract);

function issuesOf(text: string): string[] {
  return readScheduleFile(text).issues.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

describe('a file of schedules', () => {
  test('has schedules by their keys, with anchors and merged maps', () => {
    const file = readScheduleFile(`
prefix: billing.
schedules:
  billing.daily: &daily
    cron: '0 9 * * MON-FRI'
    exclude: [2030-12-25, 2030-12-24/2030-12-26]
    start_at: 2030-01-01T00:00:00Z
    callback: &callback { type: http, url: https://shop.example/reports }
  billing.weekly:
    <<: *daily
    cron: ['0 9 * * MON']
  billing.heartbeat: { every: 90s, callback: *callback }
`);
    expect(file.issues).toEqual([]);
    expect(file.prefix).toBe('billing.');
    const callback = { type: 'http', url: 'https://shop.example/reports' };
    const rest = {
      exclude: ['2030-12-25', '2030-12-24/2030-12-26'],
      start_at: '2030-01-01T00:00:00Z',
      callback,
    };
    expect(file.schedules).toEqual([
      { key: 'billing.daily', request: { cron: '0 9 * * MON-FRI', ...rest } },
      { key: 'billing.weekly', request: { cron: ['0 9 * * MON'], ...rest } },
      { key: 'billing.heartbeat', request: { every: '90s', callback } },
    ]);
    expect(file.lineOf('billing.daily', ['exclude', '1'])).toBe(6);
    expect(file.lineOf('billing.weekly', ['time_zone'])).toBe(9);
  });

  test('may be JSON', () => {
    const callback = { type: 'nats', topic: 'reports' };
    const text = JSON.stringify({ schedules: { daily: { cron: '@daily', callback } } }, null, 2);
    expect(readScheduleFile(text)).toMatchObject({
      prefix: undefined,
      issues: [],
      schedules: [{ key: 'daily', request: { cron: '@daily', callback } }],
    });
  });

  test('may have no schedules: with a prefix, pruning deletes all of them', () => {
    expect(readScheduleFile('prefix: a\nschedules: {}')).toMatchObject({
      prefix: 'a',
      schedules: [],
      issues: [],
    });
  });

  test('has every issue with its line', () => {
    expect(
      issuesOf(`
prefix: billing.
owner: me
schedules:
  billing.daily:
    cron: '0 9 * * *'
    time_zone: 5
    colour: red
    callback:
      type: http
      url: nowhere
  other:
    cron: '@daily'
    every: 1h
    callback: { type: http, url: https://shop.example/ }
  "billing.with space":
    cron: '@daily'
    callback: { type: http, url: https://shop.example/ }
`),
    ).toEqual([
      '3 owner: unknown field',
      '12 schedules.other: the key must start with the prefix billing.',
      '7 schedules.billing.daily.time_zone: Invalid input: expected string, received number',
      expect.stringMatching(/^11 schedules\.billing\.daily\.callback\.url: /),
      '8 schedules.billing.daily.colour: unknown field',
      '14 schedules.other.every: cannot be combined with cron',
      expect.stringMatching(/^16 schedules\.billing\.with space: the key /),
    ]);
  });

  test.each([
    ['a: b: c', /^1 : /],
    ['schedules:\n  daily: {}\n  daily: {}', /^3 : Map keys must be unique/],
    ['schedules:\n  daily:\n    cron: */5 * * * *', /^3 : .*Cron expressions need quotes/],
    ['', /^1 schedules: must be a map/],
    ['schedules: [1]', /^1 schedules: must be a map/],
    ['schedules:\n  daily:', /^2 schedules\.daily: Invalid input: expected object, received null/],
    ['prefix: 5\nschedules: {}', /^1 prefix: must be the text/],
    ['schedules:\n  daily: *nothing', /^2 : |^1 : /],
  ])('that says %j is refused', (text, issue) => {
    expect(issuesOf(text)[0]).toMatch(issue);
  });

  test('that multiplies itself by aliases is refused quickly', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${Array(9)
            .fill(`*a${level - 1}`)
            .join(', ')}]`,
    );
    expect(issuesOf(`${levels.join('\n')}\nschedules: *a11`)[0]).toMatch(/Excessive alias count/);
  });
});
