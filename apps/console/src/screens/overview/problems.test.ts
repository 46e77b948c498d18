import { describe, expect, test } from '@jest/globals';
import type { Stats } from '@timer-platform/callback-types';
import { sampleDestination } from '../../testing/sample-destination.ts';
import { findProblems } from './problems.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const none = { count: 0, estimated: false };

function sampleStats(fields: Partial<Stats> = {}): Stats {
  return {
    now: NOW,
    counts: { pending: none, executing: none, completed: none, failed: none, canceled: none, paused: none },
    due: none,
    oldest_due_age_ms: null,
    minutes: [],
    last_5_minutes: { delivered: 9, retried: 0, failed: 0, lateness_p50_ms: 1, lateness_p99_ms: 4 },
    dispatchers: { alive: 1, stalled: 0 },
    ...fields,
  };
}

const texts = (...args: Parameters<typeof findProblems>) => findProblems(...args).map(({ text }) => text);

describe('problems', () => {
  test('there are none while all is well', () => {
    expect(findProblems(sampleStats(), null, [sampleDestination()])).toEqual([]);
    const moment = sampleStats({ due: { count: 3, estimated: false }, oldest_due_age_ms: 40 });
    expect(findProblems(moment, null, [])).toEqual([]);
  });

  test('overdue timers link to themselves, with the live count', () => {
    const stats = sampleStats({ due: { count: 3, estimated: false }, oldest_due_age_ms: 254_000 });
    expect(findProblems(stats, null, [])).toMatchObject([
      {
        tone: 'bad',
        text: '3 timers are overdue, the oldest by 4 min 14 s',
        to: '/timers',
        search: { status: 'pending', due_before: NOW },
      },
    ]);
    const live = {
      now: NOW,
      due: { count: 12_000, estimated: true },
      executing: none,
      delivered_per_second: 0,
      retried_per_second: 0,
      failed_per_second: 0,
      lateness_p50_ms: null,
      lateness_p99_ms: null,
    };
    expect(texts(stats, live, [])).toEqual(['about 12,000 timers are overdue, the oldest by 4 min 14 s']);
  });

  test('what is bad comes before what is only unusual', () => {
    const stats = sampleStats({
      dispatchers: { alive: 1, stalled: 2 },
      last_5_minutes: { delivered: 0, retried: 0, failed: 1, lateness_p50_ms: null, lateness_p99_ms: null },
    });
    const destinations = [
      sampleDestination({ paused_at: NOW, waiting_paused: 1, pause_note: 'migration' }),
      sampleDestination({ breaker: 'open', last_failure: { at: NOW, error: 'connect ECONNREFUSED' } }),
    ];
    expect(texts(stats, null, destinations)).toEqual([
      'The breaker of https://example.com is open: connect ECONNREFUSED',
      '1 timer failed for good in the last 5 minutes',
      '2 dispatchers send no heartbeat',
      'https://example.com is paused, 1 timer waits (migration)',
    ]);
  });

  test('without a dispatcher nothing is delivered', () => {
    expect(findProblems(sampleStats({ dispatchers: { alive: 0, stalled: 1 } }), null, [])).toMatchObject([
      { tone: 'bad', text: 'No dispatcher is alive: nothing is delivered', to: '/dispatchers' },
    ]);
  });

  test('of many destinations three are named', () => {
    const paused = Array.from({ length: 12 }, (_, index) =>
      sampleDestination({ destination: `https://${index}.example`, paused_at: NOW }),
    );
    expect(texts(sampleStats(), null, paused)).toEqual([
      'https://0.example is paused, 0 timers wait',
      'https://1.example is paused, 0 timers wait',
      'https://2.example is paused, 0 timers wait',
      'and 9 more paused destinations',
    ]);
  });
});
