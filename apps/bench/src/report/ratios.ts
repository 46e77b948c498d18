import { median } from '../measure/quantiles.ts';
import type { Figures } from './figures.ts';
import { LIMIT, METRICS, OURS, scenarioNames } from './names.ts';

/** A ratio of two figures of one run. Load from other programs affects both figures and cancels out. */
export interface Ratio {
  readonly name: string;
  /** Median of the ratios of all rounds. */
  readonly value: number;
  readonly target: string;
  readonly met: boolean;
}

type Target = { readonly atLeast: number } | { readonly atMost: number };

function ratio(
  name: string,
  target: Target,
  numerators: readonly number[],
  denominators: readonly number[],
): Ratio[] {
  const rounds = Math.min(numerators.length, denominators.length);
  if (rounds === 0) return [];
  const value = median(
    Array.from({ length: rounds }, (_, i) => (numerators[i] ?? NaN) / (denominators[i] ?? NaN)),
  );
  return [
    'atLeast' in target
      ? { name, value, target: `≥ ${target.atLeast}`, met: value >= target.atLeast }
      : { name, value, target: `≤ ${target.atMost}`, met: value <= target.atMost },
  ];
}

function absolute(name: string, target: Target, values: readonly number[]): Ratio[] {
  return ratio(
    name,
    target,
    values,
    values.map(() => 1),
  );
}

const ENOUGH_ROWS_PER_SECOND = 20_000;

/** The target is a fixed rate or, on a slow machine, a share of its limit. */
function batchCreation(ours: readonly number[], limit: readonly number[]): Ratio[] {
  const [rows] = absolute('create: batch rows/s', { atLeast: ENOUGH_ROWS_PER_SECOND }, ours);
  const [share] = ratio('create: batch rows/s, bare INSERT = 1', { atLeast: 0.6 }, ours, limit);
  if (rows === undefined || share === undefined) return [];
  return [{ ...rows, target: `${rows.target}, or ${share.target} of INSERT`, met: rows.met || share.met }];
}

/** Our largest value in each round, over all scenarios. */
function largest(figures: Figures, metric: string): readonly number[] {
  const byScenario = figures.all
    .filter((figure) => figure.contender === OURS && figure.metric === metric)
    .map(({ values }) => values);
  const rounds = Math.min(...byScenario.map((values) => values.length));
  if (byScenario.length === 0) return [];
  return Array.from({ length: rounds }, (_, round) =>
    Math.max(...byScenario.map((values) => values[round] ?? NaN)),
  );
}

/** The best value of the peers in each round. */
function bestPeer(
  figures: Figures,
  peers: readonly string[],
  scenario: string,
  metric: string,
  best: (...values: number[]) => number,
): readonly number[] {
  const [first = [], ...others] = peers.map((peer) => figures.values(scenario, peer, metric));
  return first.map((value, round) => best(value, ...others.map((values) => values[round] ?? value)));
}

/** Calculates every ratio whose figures were measured, with its target. */
export function calculateRatios(figures: Figures, peers: readonly string[]): Ratio[] {
  const { burst, nats, openTransaction, noOpenTransaction, create, dead } = scenarioNames;
  const ours = (scenario: string, metric: string) => figures.values(scenario, OURS, metric);
  const limit = (scenario: string, metric: string) => figures.values(scenario, LIMIT, metric);
  const peer = (scenario: string, metric: string, best: (...values: number[]) => number) =>
    bestPeer(figures, peers, scenario, metric, best);
  const { rate, cpu, p50, p99, early, claimP99, single, batch, peakMib, apiP99 } = METRICS;
  const steady1000 = scenarioNames.steady(1_000);
  const scenarios = (prefix: string): string[] =>
    [...new Set(figures.all.map(({ scenario }) => scenario))].filter((name) => name.startsWith(prefix));
  const [few = '', many = ''] = scenarios(scenarioNames.pendingPrefix);
  const [herd = ''] = scenarios(scenarioNames.herdPrefix);
  return [
    ...ratio(
      'burst: callbacks/s, best peer = 1',
      { atLeast: 1.2 },
      ours(burst, rate),
      peer(burst, rate, Math.max),
    ),
    ...ratio(
      'burst: callbacks/s, bare undici loop = 1',
      { atLeast: 0.65 },
      ours(burst, rate),
      limit(burst, rate),
    ),
    ...ratio(
      'burst: CPU per callback, best peer = 1',
      { atMost: 0.8 },
      ours(burst, cpu),
      peer(burst, cpu, Math.min),
    ),
    ...absolute('burst: peak RSS of the service, MiB', { atMost: 200 }, ours(burst, peakMib)),
    ...absolute('all scenarios: peak RSS of the service, MiB', { atMost: 200 }, largest(figures, peakMib)),
    ...absolute('steady 1,000/s: lateness p50, ms', { atMost: 2 }, ours(steady1000, p50)),
    ...absolute('steady 1,000/s: lateness p99, ms', { atMost: 10 }, ours(steady1000, p99)),
    ...absolute('steady 1,000/s: early', { atMost: 0 }, ours(steady1000, early)),
    ...ratio(
      'steady 1,000/s: p99, best peer = 1',
      { atMost: 0.1 },
      ours(steady1000, p99),
      peer(steady1000, p99, Math.min),
    ),
    ...ratio(
      'nats: publishes/s, bare claim and settle = 1',
      { atLeast: 0.7 },
      ours(nats, rate),
      limit(nats, rate),
    ),
    ...ratio(
      'held: callbacks/s, without the open transaction = 1',
      { atLeast: 0.9 },
      ours(openTransaction, rate),
      ours(noOpenTransaction, rate),
    ),
    ...ratio(`${many}: claim p99, ${few} = 1`, { atMost: 1.3 }, ours(many, claimP99), ours(few, claimP99)),
    ...ratio(`${many}: lateness p99, ${few} = 1`, { atMost: 1.3 }, ours(many, p99), ours(few, p99)),
    ...ratio(
      'create: single POSTs/s, bare route = 1',
      { atLeast: 0.5 },
      ours(create, single),
      limit(create, single),
    ),
    ...batchCreation(ours(create, batch), limit(create, batch)),
    ...absolute(`${herd}: p99 of another destination, ms`, { atMost: 100 }, ours(herd, p99)),
    ...absolute(`${herd}: p99 of POST /timers, ms`, { atMost: 250 }, ours(herd, apiP99)),
    ...absolute('dead destination: p99 of the healthy one, ms', { atMost: 100 }, ours(dead, p99)),
  ];
}
