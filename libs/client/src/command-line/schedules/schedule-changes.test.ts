import { describe, expect, test } from '@jest/globals';
import type { PutScheduleRequest, Schedule } from '@timer-platform/callback-types';
import { scheduleChanges } from './schedule-changes.ts';

const STORED: Schedule = {
  key: 'daily',
  id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e',
  revision: 1,
  created_at: '2030-01-31T08:00:00.000Z',
  updated_at: '2030-01-31T08:00:00.000Z',
  cron: ['0 9 * * *'],
  every: null,
  phase: null,
  time_zone: 'UTC',
  exclude: [],
  start_at: '2030-01-01T00:00:00.000Z',
  end_at: null,
  max_occurrences: null,
  jitter: '0s',
  overlap: 'allow',
  catch_up: 'latest',
  catch_up_window: '1d',
  catch_up_spacing: '100ms',
  expires_after: '1h',
  pause_after_failures: null,
  callback_type: 'http',
  description: 'At 09:00',
  next_at: null,
  paused: null,
  occurrences: 0,
  ended: false,
  callback: {
    type: 'http',
    url: 'https://shop.example/reports?access_token=***&team=billing',
    headers: { Authorization: '***', 'X-Team': 'billing' },
    payload: { report: 1 },
  },
  retry: null,
  metadata: { team: 'billing', tags: ['a', 'b'] },
};

const SAME: PutScheduleRequest = {
  cron: '0 9 * * *',
  start_at: '2030-01-01T01:00:00+01:00',
  expires_after: '60m',
  catch_up_window: '24h',
  callback: {
    type: 'http',
    url: 'https://shop.example/reports?access_token=abc&team=billing',
    headers: { Authorization: 'Bearer abc', 'X-Team': 'billing' },
    payload: { report: 1 },
  },
  metadata: { tags: ['a', 'b'], team: 'billing' },
};

describe('the changes of a schedule', () => {
  test('are none if the request means the same: other spellings, defaults, masked secrets', () => {
    expect(scheduleChanges(STORED, SAME)).toEqual([]);
    expect(
      scheduleChanges(STORED, { ...SAME, jitter: null, overlap: 'allow', exclude: [], retry: null }),
    ).toEqual([]);
  });

  test.each<[Partial<PutScheduleRequest>, unknown]>([
    [{ cron: ['0 10 * * *'] }, { field: 'cron', from: ['0 9 * * *'], to: ['0 10 * * *'] }],
    [{ exclude: ['2030-12-25'] }, { field: 'exclude', from: [], to: ['2030-12-25'] }],
    [{ start_at: null }, { field: 'start_at', from: '2030-01-01T00:00:00.000Z', to: null }],
    [{ expires_after: null }, { field: 'expires_after', from: '1h', to: null }],
    [
      { catch_up_window: null, catch_up: 'all' },
      { field: 'catch_up', from: 'latest', to: 'all' },
    ],
    [{ pause_after_failures: 3 }, { field: 'pause_after_failures', from: null, to: 3 }],
    [{ retry: { max_attempts: 1 } }, { field: 'retry', from: null, to: { max_attempts: 1 } }],
    [{ metadata: { team: 'billing', tags: ['b', 'a'] } }, expect.objectContaining({ field: 'metadata' })],
  ])('%j is one', (change, expected) => {
    expect(scheduleChanges(STORED, { ...SAME, ...change })).toEqual([expected]);
  });

  test('name the fields of the callback', () => {
    const callback = {
      type: 'http',
      url: 'https://shop.example/other?access_token=abc&team=billing',
    } as const;
    const fields = scheduleChanges(STORED, { ...SAME, callback }).map(({ field }) => field);
    expect(fields).toEqual(['callback.url', 'callback.headers', 'callback.payload']);
  });

  test('from cron to an interval are those of both, with the default of the phase', () => {
    const fields = scheduleChanges(STORED, { ...SAME, cron: null, every: '1h' });
    expect(fields.map(({ field, to }) => [field, to])).toEqual([
      ['cron', null],
      ['every', '1h'],
      ['phase', '0s'],
    ]);
  });
});
