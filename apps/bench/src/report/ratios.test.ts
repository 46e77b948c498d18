import { expect, test } from '@jest/globals';
import { Figures } from './figures.ts';
import { LIMIT, METRICS, OURS, scenarioNames } from './names.ts';
import { calculateRatios } from './ratios.ts';

const burst = scenarioNames.burst(20_000);

function burstFigures(ours: number[], peer: number[], otherPeer: number[], limit: number[]): Figures {
  const figures = new Figures();
  ours.forEach((value, round) => {
    figures.add(burst, OURS, { [METRICS.rate]: value });
    figures.add(burst, 'a', { [METRICS.rate]: peer[round] ?? 0 });
    figures.add(burst, 'b', { [METRICS.rate]: otherPeer[round] ?? 0 });
    figures.add(burst, LIMIT, { [METRICS.rate]: limit[round] ?? 0 });
  });
  return figures;
}

test('compares with the best peer of each round and returns the median of the rounds', () => {
  const figures = burstFigures([1_200, 600, 900], [1_000, 400, 500], [500, 600, 300], [2_000, 1_000, 1_000]);
  const ratios = calculateRatios(figures, ['a', 'b']);
  expect(ratios).toEqual([
    { name: 'burst of 20,000: callbacks/s, best peer = 1', value: 1.2, target: '≥ 1.2', met: true },
    { name: 'burst of 20,000: callbacks/s, bare undici loop = 1', value: 0.6, target: '≥ 0.65', met: false },
  ]);
});

test('omits ratios whose figures were not measured', () => {
  expect(calculateRatios(new Figures(), ['a'])).toEqual([]);
});

test('an unknown figure does not meet its target', () => {
  const figures = new Figures();
  figures.add(burst, OURS, { [METRICS.peakMib]: Number.NaN });
  expect(calculateRatios(figures, [])).toMatchObject([{ met: false }]);
});

test('compares costs with the peer of the least cost in each scenario', () => {
  const figures = new Figures();
  const steady = scenarioNames.steady(3_000);
  figures.add(steady, OURS, { [METRICS.walBytes]: 600 });
  figures.add(steady, 'a', { [METRICS.walBytes]: 500 });
  figures.add(steady, 'b', { [METRICS.walBytes]: 400 });
  expect(calculateRatios(figures, ['a', 'b'])).toEqual([
    { name: 'steady 3,000/s: WAL bytes per timer, best peer = 1', value: 1.5, target: '≤ 1.2', met: false },
  ]);
});

test('takes the largest resident set of each round over the scenarios without a target of their own', () => {
  const figures = new Figures();
  for (const [here, there] of [
    [150, 210],
    [190, 160],
    [170, 180],
  ]) {
    figures.add(scenarioNames.dead, OURS, { [METRICS.peakMib]: here ?? NaN });
    figures.add(scenarioNames.nats, OURS, { [METRICS.peakMib]: there ?? NaN });
    figures.add(burst, OURS, { [METRICS.peakMib]: 1_000 });
  }
  const peak = calculateRatios(figures, ['a']).find(({ name }) => name.startsWith('other scenarios'));
  expect(peak).toMatchObject({ value: 190, met: true });
});

test.each([
  { rows: 20_000, insert: 100_000, met: true },
  { rows: 12_000, insert: 20_000, met: true },
  { rows: 11_000, insert: 20_000, met: false },
])('batch creation at $rows rows/s with a limit of $insert: met is $met', ({ rows, insert, met }) => {
  const figures = new Figures();
  figures.add(scenarioNames.create, OURS, { [METRICS.batch]: rows });
  figures.add(scenarioNames.create, LIMIT, { [METRICS.batch]: insert });
  expect(calculateRatios(figures, [])).toMatchObject([{ name: 'create: batch rows/s', value: rows, met }]);
});
