import type { Contender } from './contenders/contender.ts';
import { timerService } from './contenders/timer-service.ts';
import { measureUndiciLoop } from './limits/undici-loop.ts';
import type { Figures } from './report/figures.ts';
import { LIMIT, METRICS, OURS, scenarioNames } from './report/names.ts';
import { type BurstResult, runBurst } from './scenarios/burst.ts';
import { runCreate } from './scenarios/create.ts';
import { runDeadDestination } from './scenarios/dead-destination.ts';
import type { BenchEnvironment } from './scenarios/environment.ts';
import { runHeld } from './scenarios/held.ts';
import { runHerd } from './scenarios/herd.ts';
import { runClaimAndSettle, runNats } from './scenarios/nats.ts';
import { runPending } from './scenarios/pending.ts';
import { runSteady, type SteadyResult } from './scenarios/steady.ts';

/** The sizes of the scenarios. */
export interface Sizes {
  readonly timers: number;
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
}

function burstMetrics(result: BurstResult) {
  return {
    [METRICS.rate]: result.perSecond,
    [METRICS.cpu]: result.processCpu + result.postgresCpu,
    [METRICS.cpuProcess]: result.processCpu,
    [METRICS.cpuPostgres]: result.postgresCpu,
    [METRICS.peakMib]: result.peakMib,
    [METRICS.missing]: result.missing,
    [METRICS.duplicates]: result.duplicates,
  };
}

function steadyMetrics({ lateness, early, missing, duplicates, peakMib }: SteadyResult) {
  return {
    [METRICS.p50]: lateness.p50,
    [METRICS.p99]: lateness.p99,
    [METRICS.max]: lateness.max,
    [METRICS.early]: early,
    [METRICS.missing]: missing,
    [METRICS.duplicates]: duplicates,
    [METRICS.peakMib]: peakMib,
  };
}

const STEADY_RATES = [500, 1_000];
const HEALTHY_PER_SECOND = 200;
const FEW_PENDING = 10_000;
const PENDING_PER_SECOND = 500;
const CREATE_SECONDS = 8;
/** The limit is several times as fast and needs more requests for a measurement of the same length. */
const LIMIT_REQUESTS_PER_TIMER = 3;

/** Scenarios by name. Each returns the steps of one round, one per contender or setting. */
export const SCENARIOS: Readonly<Record<string, (context: ScenarioContext) => Step[]>> = {
  burst: ({ environment, peers, figures, sizes: { timers } }) => [
    {
      name: 'burst, bare undici loop',
      run: async () => {
        const { receiver, warmUp, connections, execPath } = environment;
        const limit = await measureUndiciLoop({
          receiver,
          count: LIMIT_REQUESTS_PER_TIMER * timers,
          warmUp,
          connections,
          execPath,
        });
        figures.add(scenarioNames.burst, LIMIT, {
          [METRICS.rate]: limit.perSecond,
          [METRICS.cpu]: limit.cpuMicroseconds / 1_000,
        });
      },
    },
    ...[timerService, ...peers].map((contender) => ({
      name: `burst, ${contender.name}`,
      run: async () => {
        const result = await runBurst(environment, contender, { timers });
        figures.add(scenarioNames.burst, contender.name, burstMetrics(result));
      },
    })),
  ],
  steady: ({ environment, peers, figures, sizes: { seconds } }) =>
    STEADY_RATES.flatMap((perSecond) =>
      [timerService, ...peers].map((contender) => ({
        name: `${scenarioNames.steady(perSecond)}, ${contender.name}`,
        run: async () => {
          const result = await runSteady(environment, contender, { perSecond, seconds });
          figures.add(scenarioNames.steady(perSecond), contender.name, steadyMetrics(result));
        },
      })),
    ),
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
