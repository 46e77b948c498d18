import { describe, expect, test } from '@jest/globals';
import { bucketOf, dispatcherReportSchema, MAX_REPORTED_DESTINATIONS } from '@timer-platform/database';
import type { FinishedTimer } from '../../dispatch/observer.ts';
import { delivered, REFUSED, retryable } from '../../transports/outcome.ts';
import { ActivityRecorder } from './activity-recorder.ts';
import { buildReport, type ReportInput } from './build-report.ts';
import { DestinationActivity } from './destination-activity.ts';
import { MinuteCounts } from './minute-counts.ts';
import { NewestTimers } from './newest-timers.ts';

const MINUTE_MS = 60_000;

function finished(id: string, more: Partial<FinishedTimer> = {}): FinishedTimer {
  const timer = { id, status: 'completed' as const, callbackType: 'http' as const, destination: 'http://a' };
  return { ...timer, error: null, attempts: 1, latenessMs: 1.234, finishedMs: 0, ...more };
}

describe('the counts of a minute', () => {
  test('are those of the minute by the database, also what came before it was known', () => {
    const minutes = new MinuteCounts();
    minutes.count('delivered');
    minutes.advance(5 * MINUTE_MS + 1);
    minutes.started(3);
    minutes.advance(6 * MINUTE_MS);
    minutes.count('deferred', 4);
    const [first, second, ...rest] = minutes.takeChanged();
    expect(first).toMatchObject({ minuteMs: 5 * MINUTE_MS, delivered: 1, deferred: 0 });
    expect(first?.lateness[bucketOf(3)]).toBe(1);
    expect(second).toMatchObject({ minuteMs: 6 * MINUTE_MS, delivered: 0, deferred: 4 });
    expect(rest).toEqual([]);
  });

  test('are taken only if they have changed, and whole', () => {
    const minutes = new MinuteCounts();
    minutes.advance(0);
    expect(minutes.takeChanged()).toEqual([]);
    minutes.count('failed');
    expect(minutes.takeChanged()).toHaveLength(1);
    expect(minutes.takeChanged()).toEqual([]);
    minutes.count('failed');
    expect(minutes.takeChanged()).toMatchObject([{ failed: 2 }]);
  });

  test('are kept while they cannot be written, but not for ever', () => {
    const minutes = new MinuteCounts();
    for (let minute = 0; minute < 30; minute += 1) {
      minutes.advance(minute * MINUTE_MS);
      minutes.count('retried');
      minutes.putBack(minutes.takeChanged());
    }
    const kept = minutes.takeChanged();
    expect(kept).toHaveLength(11);
    expect(kept.at(-1)).toMatchObject({ minuteMs: 29 * MINUTE_MS, retried: 1 });
  });

  test('go on in the same minute if the clock of the database is set back', () => {
    const minutes = new MinuteCounts();
    minutes.advance(5 * MINUTE_MS);
    minutes.advance(2 * MINUTE_MS);
    minutes.count('delivered');
    expect(minutes.takeChanged()).toMatchObject([{ minuteMs: 5 * MINUTE_MS }]);
  });
});

describe('the activity of a destination', () => {
  test('covers the last half to whole minute', () => {
    const activity = new DestinationActivity(0);
    for (let n = 0; n < 20; n += 1)
      activity.ended('a', 10, n < 5 ? { atMs: n, error: 'HTTP 500' } : undefined);
    activity.advance(30_000);
    const rates = activity.ratesOf('a', 40_000);
    expect(rates.attemptsPerMinute).toBeCloseTo(30);
    expect(rates.failuresPerMinute).toBeCloseTo(7.5);
    expect(rates.p50Ms).toBeGreaterThan(9);
    expect(rates.p50Ms).toBeLessThan(11);
    expect(rates.lastFailure).toEqual({ atMs: 4, error: 'HTTP 500' });
  });

  test('is forgotten some time after the last attempt, its last failure later', () => {
    const activity = new DestinationActivity(0);
    activity.ended('good', 1, undefined);
    activity.ended('bad', 1, { atMs: 1, error: 'down' });
    for (let nowMs = 30_000; nowMs <= 120_000; nowMs += 30_000) activity.advance(nowMs);
    expect([...activity.names()]).toEqual(['bad']);
    expect(activity.ratesOf('bad', 120_000)).toMatchObject({
      attemptsPerMinute: 0,
      lastFailure: { error: 'down' },
    });
    activity.advance(700_000);
    expect([...activity.names()]).toEqual([]);
  });

  test('is counted for a bounded number of destinations', () => {
    const activity = new DestinationActivity(0);
    for (let n = 0; n < 5_000; n += 1) activity.ended(`http://${n}`, 1, undefined);
    expect([...activity.names()]).toHaveLength(2_000);
  });
});

test('the newest timers are listed oldest first', () => {
  const newest = new NewestTimers<number>(3);
  expect(newest.list()).toEqual([]);
  for (const n of [1, 2, 3, 4, 5]) newest.add(n);
  expect(newest.list()).toEqual([3, 4, 5]);
});

describe('a report', () => {
  const input = (recorder: ActivityRecorder, more: Partial<ReportInput> = {}): ReportInput => ({
    process: { name: 'host:1', pid: 1, node: 'v20', service: '1.0.0', startedMs: 0, maxInFlight: 10 },
    load: { inFlight: 1, queued: 2, waiting: 3, unsettled: 4 },
    problem: undefined,
    loads: [],
    names: recorder.destinations.names(),
    ratesOf: (destination) => recorder.destinations.ratesOf(destination, 1_000),
    sample: recorder.sample.list(),
    now: { monotonicMs: 1_000, databaseMs: 1_000_000 },
    ...more,
  });

  test('has the format that readers expect', () => {
    const recorder = new ActivityRecorder(0, () => 500);
    recorder.started(2);
    recorder.ended(delivered(200), 5, 'http://a');
    recorder.ended(retryable('HTTP 500'), 5, 'http://b');
    recorder.ended(REFUSED, 5, 'http://c');
    recorder.finished(finished('1'));
    recorder.retried({ ...finished('2'), status: 'retried', error: `\ud800${'x'.repeat(1_000)}` });
    recorder.deferred(2);
    const open = { name: 'nats:d', inFlight: 1, waiting: 2, breaker: 'open' as const, openUntilMs: 3_000 };
    const report = buildReport(input(recorder, { loads: [open], problem: 'no lease' }));
    expect(dispatcherReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report).toMatchObject({ problem: 'no lease', load: { held: 2, max_in_flight: 10 } });
    expect(report.destinations.map(({ destination }) => destination)).toEqual([
      'nats:d',
      'http://a',
      'http://b',
    ]);
    expect(report.destinations[0]).toMatchObject({ open_until: '1970-01-01T00:16:42.000Z', waiting: 2 });
    expect(report.destinations[2]?.last_failure).toEqual({
      at: '1970-01-01T00:00:00.500Z',
      error: 'HTTP 500',
    });
    expect(report.sample.map(({ id, status }) => [id, status])).toEqual([
      ['1', 'completed'],
      ['2', 'retried'],
    ]);
    expect(report.sample[1]?.error?.length).toBeLessThanOrEqual(300);
  });

  test('is bounded, and what is unavailable is in it', () => {
    const recorder = new ActivityRecorder(0, () => 0);
    for (let n = 0; n < 500; n += 1) recorder.ended(delivered(200), 1, `http://${n}`);
    for (let n = 0; n < 100; n += 1) recorder.finished(finished(`${n}`));
    const idle = { inFlight: 0, waiting: 0 };
    const loads = [{ name: 'http://down', ...idle, breaker: 'half-open' as const, openUntilMs: undefined }];
    const report = buildReport(input(recorder, { loads }));
    expect(report.destinations).toHaveLength(MAX_REPORTED_DESTINATIONS);
    expect(report.destinations[0]?.destination).toBe('http://down');
    expect(report.sample).toHaveLength(50);
  });
});
