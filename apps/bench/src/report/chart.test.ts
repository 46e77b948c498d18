import { expect, test } from '@jest/globals';
import { renderChart } from './chart.ts';
import { METRICS, OURS } from './names.ts';

function figure(contender: string, median: number) {
  return { scenario: 'burst', metric: METRICS.rate, contender, values: [median], median };
}

test('renderChart scales bars to the longest and escapes text', () => {
  const svg = renderChart('a < b', [
    figure(OURS, 1_000),
    figure('peer & co', 500),
    figure('none', Number.NaN),
  ]);
  expect(svg).toContain('a &#60; b');
  expect(svg).toContain('peer &#38; co');
  const widths = [...svg.matchAll(/<rect x="230" .*?width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([440, 220, 0]);
});
