import { median } from '../measure/quantiles.ts';
import type { Figures } from './figures.ts';
import { LIMIT, METRICS, OURS, scenarioNames } from './names.ts';

/** How figures of one run compare: what other programs on the machine do to both sides, a ratio does not show. */
export interface Ratio {
  readonly name: string;
  /** The median of the rounds' ratios. */
  readonly value: number;
  readonly aim: string;
  readonly met: boolean;
}

type Aim = { readonly atLeast: number } | { readonly atMost: number };

function ratio(name: string, aim: Aim, over: readonly number[], under: readonly number[]): Ratio[] {
  const rounds = Math.min(over.length, under.length);
  if (rounds === 0) return [];
  const value = median(Array.from({ length: rounds }, (_, i) => (over[i] ?? NaN) / (under[i] ?? NaN)));
  return [
    'atLeast' in aim
      ? { name, value, aim: `≥ ${aim.atLeast}`, met: value >= aim.atLeast }
      : { name, value, aim: `≤ ${aim.atMost}`, met: value <= aim.atMost },
  ];
}

function absolute(name: string, aim: Aim, values: readonly number[]): Ratio[] {
  return ratio(
    name,
    aim,
    values,
    values.map(() => 1),
  );
}

const ENOUGH_ROWS_PER_SECOND = 20_000;

/** Enough is enough, and where the machine cannot do that, most of what it can. */
function batchCreation(ours: readonly number[], limit: readonly number[]): Ratio[] {
  const [rows] = absolute('create: batch rows/s', { atLeast: ENOUGH_ROWS_PER_SECOND }, ours);
  const [share] = ratio('create: batch rows/s, bare INSERT = 1', { atLeast: 0.6 }, ours, limit);
  if (rows === undefined || share === undefined) return [];
  return [{ ...rows, aim: `${rows.aim}, or ${share.aim} of INSERT`, met: rows.met || share.met }];
}

/** Our largest value of each round among all scenarios. */
function largest(figures: Figures, metric: string): readonly number[] {
  const ofScenarios = figures.all
    .filter((one) => one.contender === OURS && one.metric === metric)
    .map(({ values }) => values);
  const rounds = Math.min(...ofScenarios.map((values) => values.length));
  if (ofScenarios.length === 0) return [];
  return Array.from({ length: rounds }, (_, round) =>
    Math.max(...ofScenarios.map((values) => values[round] ?? NaN)),
  );
}

/** The best value of each round among the peers. */
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

/** Every ratio that can be told from what was measured, with what it should be. */
export function ratiosOf(figures: Figures, peers: readonly string[]): Ratio[] {
  const { burst, nats, held, notHeld, create, dead } = scenarioNames;
  const ours = (scenario: string, metric: string) => figures.values(scenario, OURS, metric);
  const limit = (scenario: string, metric: string) => figures.values(scenario, LIMIT, metric);
  const peer = (scenario: string, metric: string, best: (...values: number[]) => number) =>
    bestPeer(figures, peers, scenario, metric, best);
  const { rate, cpu, p50, p99, early, claimP99, single, batch, peakMib, apiP99 } = METRICS;
  const steady1000 = scenarioNames.steady(1_000);
  const scenarios = (prefix: string): string[] =>
    [...new Set(figures.all.map(({ scenario }) => scenario))].filter((one) => one.startsWith(prefix));
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
    ...absolute('everything: peak RSS of the service, MiB', { atMost: 200 }, largest(figures, peakMib)),
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
      'held: callbacks/s, without the held transaction = 1',
      { atLeast: 0.9 },
      ours(held, rate),
      ours(notHeld, rate),
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
