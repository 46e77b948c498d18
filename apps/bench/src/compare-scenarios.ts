import type { Contender } from './contenders/contender.ts';
import { timerService } from './contenders/timer-service.ts';
import { measureUndiciLoop } from './limits/undici-loop.ts';
import type { Figures } from './report/figures.ts';
import { LIMIT, METRICS, OURS, scenarioNames } from './report/names.ts';
import { type BurstResult, runBurst } from './scenarios/burst.ts';
import { runCrashLoop } from './scenarios/crash-loop.ts';
import { runCreate } from './scenarios/create.ts';
import { runDeadDestination } from './scenarios/dead-destination.ts';
import type { BenchEnvironment } from './scenarios/environment.ts';
import { runHeld } from './scenarios/held.ts';
import { runHerd } from './scenarios/herd.ts';
import { runLarge } from './scenarios/large.ts';
import { runMixed } from './scenarios/mixed.ts';
import { runClaimAndSettle, runNats } from './scenarios/nats.ts';
import { NEIGHBORS } from './scenarios/neighbors.ts';
import { runNoisyNeighbor } from './scenarios/noisy-neighbor.ts';
import { runPending } from './scenarios/pending.ts';
import { runSearch } from './scenarios/search.ts';
import { type LatenessResult, runSteady, type SteadyResult } from './scenarios/steady.ts';
import { runTransactions, transactionalContenders } from './scenarios/transactions.ts';
import type { Usage } from './scenarios/usage.ts';

/** The sizes of the scenarios. */
export interface Sizes {
  readonly timers: number;
  readonly bursts: readonly number[];
  readonly rates: readonly number[];
  readonly mixedRate: number;
  readonly searchSeconds: number;
  readonly large: number;
  readonly natsTimers: number;
  readonly seconds: number;
  readonly finished: number;
  readonly pending: number;
  readonly herd: number;
}

/** One measurement of a round. */
export interface Step {
  readonly name: string;
  run(): Promise<void>;
}

export interface ScenarioContext {
  readonly environment: BenchEnvironment;
  readonly peers: readonly Contender[];
  readonly figures: Figures;
  readonly sizes: Sizes;
  readonly log: (line: string) => void;
}

function usageMetrics(usage: Usage) {
  return {
    [METRICS.cpu]: usage.processCpu + usage.postgresCpu,
    [METRICS.cpuProcess]: usage.processCpu,
    [METRICS.cpuPostgres]: usage.postgresCpu,
    [METRICS.walBytes]: usage.walBytes,
    [METRICS.deadRows]: usage.deadRows,
  };
}

function burstMetrics(result: BurstResult) {
  return {
    [METRICS.rate]: result.perSecond,
    ...usageMetrics(result),
    [METRICS.storedWalBytes]: result.storedWalBytes,
    [METRICS.peakMib]: result.peakMib,
    [METRICS.early]: result.early,
    [METRICS.missing]: result.missing,
    [METRICS.duplicates]: result.duplicates,
  };
}

function latenessMetrics({ lateness, early, missing, duplicates }: LatenessResult) {
  return {
    [METRICS.p50]: lateness.p50,
    [METRICS.p99]: lateness.p99,
    [METRICS.max]: lateness.max,
    [METRICS.early]: early,
    [METRICS.missing]: missing,
    [METRICS.duplicates]: duplicates,
  };
}

function steadyMetrics(result: SteadyResult) {
  return { ...latenessMetrics(result), [METRICS.peakMib]: result.peakMib };
}

/** A rate that no contender reaches on two cores. */
const SEARCH = { p99LimitMs: 50, lowest: 500, highest: 40_000 };
const ADDED_PER_SECOND = 50;
/** Half of them are rolled back. */
const TRANSACTIONS = 1_000;
const CRASH_LOOP = { perSecond: 200, seconds: 60 };
const HEALTHY_PER_SECOND = 200;
const FEW_PENDING = 10_000;
const PENDING_PER_SECOND = 500;
const CREATE_SECONDS = 8;
/** The limit is several times as fast and needs more requests for a measurement of the same length. */
const LIMIT_REQUESTS_PER_TIMER = 3;

function burstSteps({ environment, peers, figures }: ScenarioContext, timers: number): Step[] {
  const scenario = scenarioNames.burst(timers);
  return [
    {
      name: `${scenario}, bare undici loop`,
      run: async () => {
        const { receiver, warmUp, connections, execPath } = environment;
        const limit = await measureUndiciLoop({
          receiver,
          count: LIMIT_REQUESTS_PER_TIMER * timers,
          warmUp,
          connections,
          execPath,
        });
        figures.add(scenario, LIMIT, {
          [METRICS.rate]: limit.perSecond,
          [METRICS.cpu]: limit.cpuMicroseconds / 1_000,
        });
      },
    },
    ...[timerService, ...peers].map((contender) => ({
      name: `${scenario}, ${contender.name}`,
      run: async () => {
        figures.add(
          scenario,
          contender.name,
          burstMetrics(await runBurst(environment, contender, { timers })),
        );
      },
    })),
  ];
}

/** Scenarios by name. Each returns the steps of one round, one per contender or setting. */
export const SCENARIOS: Readonly<Record<string, (context: ScenarioContext) => Step[]>> = {
  burst: (context) => context.sizes.bursts.flatMap((timers) => burstSteps(context, timers)),
  steady: ({ environment, peers, figures, sizes: { seconds, rates } }) =>
    rates.flatMap((perSecond) =>
      [timerService, ...peers].map((contender) => ({
        name: `${scenarioNames.steady(perSecond)}, ${contender.name}`,
        run: async () => {
          const result = await runSteady(environment, contender, { perSecond, seconds });
          figures.add(scenarioNames.steady(perSecond), contender.name, {
            ...steadyMetrics(result),
            ...usageMetrics(result),
          });
        },
      })),
    ),
  search: ({ environment, peers, figures, log, sizes: { searchSeconds } }) =>
    [timerService, ...peers].map((contender) => ({
      name: `${scenarioNames.search}, ${contender.name}`,
      run: async () => {
        const result = await runSearch(environment, contender, { ...SEARCH, seconds: searchSeconds, log });
        figures.add(scenarioNames.search, contender.name, {
          [METRICS.rate]: result.perSecond,
          [METRICS.p99]: result.p99,
        });
      },
    })),
  mixed: ({ environment, figures, sizes: { seconds, mixedRate } }) => [
    {
      name: `mixed, ${mixedRate}/s`,
      run: async () => {
        const options = { perSecond: mixedRate, addedPerSecond: ADDED_PER_SECOND, seconds };
        const { ahead, sql, otherProcess, retriedPosts } = await runMixed(environment, options);
        figures.add(scenarioNames.mixed, OURS, latenessMetrics(ahead));
        figures.add(scenarioNames.mixedSql, OURS, latenessMetrics(sql));
        figures.add(scenarioNames.mixedOtherProcess, OURS, {
          ...latenessMetrics(otherProcess),
          [METRICS.retriedPosts]: retriedPosts,
        });
      },
    },
  ],
  transactions: ({ environment, peers, figures }) =>
    transactionalContenders(peers).map((transactional) => ({
      name: `${transactional.scenario}, ${transactional.contender.name}`,
      run: async () => {
        const result = await runTransactions(environment, transactional, TRANSACTIONS);
        figures.add(transactional.scenario, transactional.contender.name, latenessMetrics(result));
      },
    })),
  crash: ({ environment, figures }) => [
    {
      name: scenarioNames.crashLoop,
      run: async () => {
        const result = await runCrashLoop(environment, CRASH_LOOP);
        figures.add(scenarioNames.crashLoop, OURS, {
          [METRICS.kills]: result.kills,
          [METRICS.failedInnocents]: result.failedInnocents,
          ...steadyMetrics(result),
        });
      },
    },
  ],
  neighbors: ({ environment, figures, log, sizes: { seconds } }) =>
    Object.entries(NEIGHBORS).map(([name, kind]) => ({
      name: scenarioNames.neighbor(name),
      run: async () => {
        const load = { perSecond: HEALTHY_PER_SECOND, seconds };
        const result = await runNoisyNeighbor(environment, kind, load);
        if (result === undefined) log('  left out: a name server for the service needs root on Linux');
        else
          figures.add(scenarioNames.neighbor(name), OURS, {
            ...steadyMetrics(result),
            [METRICS.failed]: result.failed,
          });
      },
    })),
  large: ({ environment, figures, sizes: { large } }) => [
    {
      name: scenarioNames.large(large),
      run: async () => {
        figures.add(scenarioNames.large(large), OURS, steadyMetrics(await runLarge(environment, large)));
      },
    },
  ],
  nats: ({ environment, figures, sizes: { natsTimers } }) => [
    {
      name: 'nats, bare claim and settle',
      run: async () => {
        const { perSecond } = await runClaimAndSettle(environment, natsTimers);
        figures.add(scenarioNames.nats, LIMIT, { [METRICS.rate]: perSecond });
      },
    },
    {
      name: 'nats',
      run: async () => {
        figures.add(scenarioNames.nats, OURS, burstMetrics(await runNats(environment, natsTimers)));
      },
    },
  ],
  held: ({ environment, figures, sizes: { timers, finished } }) =>
    [false, true].map((openTransaction) => {
      const name = openTransaction ? scenarioNames.openTransaction : scenarioNames.noOpenTransaction;
      return {
        name,
        run: async () => {
          const result = await runHeld(environment, { timers, finished, openTransaction });
          figures.add(name, OURS, burstMetrics(result));
        },
      };
    }),
  pending: ({ environment, figures, sizes: { pending, seconds } }) =>
    [FEW_PENDING, pending].map((timers) => ({
      name: scenarioNames.pending(timers),
      run: async () => {
        const result = await runPending(environment, {
          pending: timers,
          perSecond: PENDING_PER_SECOND,
          seconds,
        });
        figures.add(scenarioNames.pending(timers), OURS, {
          [METRICS.claimP50]: result.claim.p50,
          [METRICS.claimP99]: result.claim.p99,
          ...steadyMetrics(result),
        });
      },
    })),
  create: ({ environment, figures }) => [
    {
      name: 'create',
      run: async () => {
        const { single, bareRoute, batch, bareInsert } = await runCreate(environment, CREATE_SECONDS);
        figures.add(scenarioNames.create, OURS, { [METRICS.single]: single, [METRICS.batch]: batch });
        figures.add(scenarioNames.create, LIMIT, {
          [METRICS.single]: bareRoute,
          [METRICS.batch]: bareInsert,
        });
      },
    },
  ],
  dead: ({ environment, figures, sizes: { timers, seconds } }) => [
    {
      name: 'dead destination',
      run: async () => {
        const result = await runDeadDestination(environment, {
          dead: timers,
          perSecond: HEALTHY_PER_SECOND,
          seconds,
        });
        figures.add(scenarioNames.dead, OURS, steadyMetrics(result));
      },
    },
  ],
  herd: ({ environment, figures, sizes: { herd, seconds } }) => [
    {
      name: scenarioNames.herd(herd),
      run: async () => {
        const result = await runHerd(environment, { herd, perSecond: HEALTHY_PER_SECOND, seconds });
        figures.add(scenarioNames.herd(herd), OURS, {
          [METRICS.rate]: result.perSecond,
          ...steadyMetrics(result),
          [METRICS.apiP99]: result.api.p99,
          [METRICS.apiMax]: result.api.max,
        });
      },
    },
  ],
};
