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

function hasOwnTarget(scenario: string): boolean {
  const { burstPrefix, steadyPrefix, largePrefix } = scenarioNames;
  return [burstPrefix, steadyPrefix, largePrefix].some((prefix) => scenario.startsWith(prefix));
}

/** Our largest value in each round, over the scenarios without a target of their own. */
function largest(figures: Figures, metric: string): readonly number[] {
  const byScenario = figures.all
    .filter(
      (figure) => figure.contender === OURS && figure.metric === metric && !hasOwnTarget(figure.scenario),
    )
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

/** What a callback costs, compared with the peer that it costs least. */
function costRatios(figures: Figures, peers: readonly string[], scenario: string): Ratio[] {
  const costs = [
    { metric: METRICS.cpu, name: 'CPU per callback', atMost: 0.8 },
    { metric: METRICS.cpuPostgres, name: 'CPU of PostgreSQL per callback', atMost: 0.85 },
    { metric: METRICS.walBytes, name: 'WAL bytes per timer', atMost: 1.2 },
  ];
  return costs.flatMap(({ metric, name, atMost }) =>
    ratio(
      `${scenario}: ${name}, best peer = 1`,
      { atMost },
      figures.values(scenario, OURS, metric),
      bestPeer(figures, peers, scenario, metric, Math.min),
    ),
  );
}

const SMALL_BURST = 20_000;
const FAST_PER_SECOND = 5_000;

/** Lateness in milliseconds that a steady load may have. */
function steadyTargets(scenario: string) {
  return scenario === scenarioNames.steady(FAST_PER_SECOND)
    ? { p50Ms: 3, p99Ms: 30 }
    : { p50Ms: 2.5, p99Ms: 15 };
}

/** Calculates every ratio whose figures were measured, with its target. */
export function calculateRatios(figures: Figures, peers: readonly string[]): Ratio[] {
  const {
    nats,
    openTransaction,
    noOpenTransaction,
    create,
    dead,
    search,
    mixedSql,
    mixedOtherProcess,
    crashLoop,
  } = scenarioNames;
  const ours = (scenario: string, metric: string) => figures.values(scenario, OURS, metric);
  const limit = (scenario: string, metric: string) => figures.values(scenario, LIMIT, metric);
  const peer = (scenario: string, metric: string, best: (...values: number[]) => number) =>
    bestPeer(figures, peers, scenario, metric, best);
  const { rate, p50, p99, early, claimP99, single, batch, peakMib, apiP99 } = METRICS;
  const scenarios = (prefix: string): string[] =>
    [...new Set(figures.all.map(({ scenario }) => scenario))].filter((name) => name.startsWith(prefix));
  const [few = '', many = ''] = scenarios(scenarioNames.pendingPrefix);
  const [herd = ''] = scenarios(scenarioNames.herdPrefix);
  return [
    ...scenarios(scenarioNames.burstPrefix).flatMap((burst) => [
      ...ratio(
        `${burst}: callbacks/s, best peer = 1`,
        { atLeast: 1.2 },
        ours(burst, rate),
        peer(burst, rate, Math.max),
      ),
      ...ratio(
        `${burst}: callbacks/s, bare undici loop = 1`,
        { atLeast: 0.65 },
        ours(burst, rate),
        limit(burst, rate),
      ),
      ...costRatios(figures, peers, burst),
      ...absolute(
        `${burst}: peak RSS of the service, MiB`,
        burst === scenarioNames.burst(SMALL_BURST) ? { atMost: 200 } : { atMost: 256 },
        ours(burst, peakMib),
      ),
    ]),
    ...scenarios(scenarioNames.steadyPrefix).flatMap((steady) => {
      const { p50Ms, p99Ms } = steadyTargets(steady);
      return [
        ...absolute(`${steady}: lateness p50, ms`, { atMost: p50Ms }, ours(steady, p50)),
        ...absolute(`${steady}: lateness p99, ms`, { atMost: p99Ms }, ours(steady, p99)),
        ...absolute(`${steady}: early`, { atMost: 0 }, ours(steady, early)),
        ...costRatios(figures, peers, steady),
        ...absolute(`${steady}: peak RSS of the service, MiB`, { atMost: 200 }, ours(steady, peakMib)),
      ];
    }),
    ...absolute('other scenarios: peak RSS of the service, MiB', { atMost: 200 }, largest(figures, peakMib)),
    ...ratio(
      'highest rate with p99 < 50 ms, best peer = 1',
      { atLeast: 1.2 },
      ours(search, rate),
      peer(search, rate, Math.max),
    ),
    ...absolute('mixed: p99 of timers stored by SQL, ms', { atMost: 600 }, ours(mixedSql, p99)),
    ...absolute('mixed: p99 of timers of another process, ms', { atMost: 100 }, ours(mixedOtherProcess, p99)),
    ...absolute('crash loop: failed innocents', { atMost: 0 }, ours(crashLoop, METRICS.failedInnocents)),
    ...scenarios(scenarioNames.neighborPrefix).flatMap((neighbor) => [
      ...absolute(`${neighbor}: p99 of the healthy client, ms`, { atMost: 100 }, ours(neighbor, p99)),
      ...absolute(`${neighbor}: failed`, { atMost: 0 }, ours(neighbor, METRICS.failed)),
    ]),
    ...scenarios(scenarioNames.largePrefix).flatMap((large) =>
      absolute(`${large}: peak RSS of the service, MiB`, { atMost: 400 }, ours(large, peakMib)),
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
