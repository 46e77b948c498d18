import { describe, expect, test } from '@jest/globals';
import { bucketEndMs, forecastWindow } from './forecast-window.ts';

const NOW = Date.parse('2030-01-31T09:00:00.000Z');

describe('the window of a forecast', () => {
  test.each([
    [{ until: '1h' }, { untilMs: NOW + 3_600_000, bucketMs: 60_000, buckets: 60 }],
    [{ until: '31d' }, { untilMs: NOW + 31 * 86_400_000, bucketMs: 44_640_000, buckets: 60 }],
    [{ until: '2030-01-31T10:00:01+01:00' }, { untilMs: NOW + 1_000, bucketMs: 1_000, buckets: 1 }],
    [
      { until: '90s', bucket: '1m' },
      { untilMs: NOW + 90_000, bucketMs: 60_000, buckets: 2 },
    ],
    [
      { until: '1m', bucket: '1d' },
      { untilMs: NOW + 60_000, bucketMs: 86_400_000, buckets: 1 },
    ],
    [
      { until: '500s', bucket: '1s' },
      { untilMs: NOW + 500_000, bucketMs: 1_000, buckets: 500 },
    ],
  ])('of %j', (query, window) => {
    expect(forecastWindow(query, NOW)).toEqual({ window: { fromMs: NOW, ...window } });
  });

  test.each([
    [{ until: '2030-01-31T09:00:00Z' }, { path: 'query.until', message: 'must be in the future' }],
    [{ until: '2030-03-31T09:00:00Z' }, { path: 'query.until', message: 'must be at most 31 days from now' }],
    [
      { until: '501s', bucket: '1s' },
      { path: 'query.bucket', message: 'gives 501 buckets, more than 500: must be at least 1002ms' },
    ],
  ])('is refused for %j', (query, issue) => {
    expect(forecastWindow(query, NOW)).toEqual({ issue });
  });

  test('ends with a bucket that may be shorter', () => {
    const result = forecastWindow({ until: '90s', bucket: '1m' }, NOW);
    if (!('window' in result)) throw new Error('refused');
    expect([0, 1].map((bucket) => bucketEndMs(result.window, bucket) - NOW)).toEqual([60_000, 90_000]);
  });
});
