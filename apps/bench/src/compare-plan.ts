import type { Contender } from './contenders/contender.ts';
import { timerService } from './contenders/timer-service.ts';
import { measureUndiciLoop } from './limits/undici-loop.ts';
import type { Figures } from './report/figures.ts';
import { LIMIT, METRICS, OURS, scenarioNames } from './report/names.ts';
import type { Arena } from './scenarios/arena.ts';
import { type BurstResult, playBurst } from './scenarios/burst.ts';
import { playCreate } from './scenarios/create.ts';
import { playDeadDestination } from './scenarios/dead-destination.ts';
import { playHeld } from './scenarios/held.ts';
import { playHerd } from './scenarios/herd.ts';
import { playClaimAndSettle, playNats } from './scenarios/nats.ts';
import { playPending } from './scenarios/pending.ts';
import { playSteady, type SteadyResult } from './scenarios/steady.ts';

/** How large the measurements are. */
export interface Sizes {
  readonly timers: number;
  readonly natsTimers: number;
  readonly seconds: number;
  readonly finished: number;
  readonly pending: number;
  readonly herd: number;
}

/** One part of a round. */
export interface Step {
  readonly name: string;
  run(): Promise<void>;
}

export interface Plan {
  readonly arena: Arena;
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
/** The limit is several times as fast: with as many requests it would be over before it was measured. */
const LIMIT_SHARE = 3;

/** The scenarios by name, each as the steps of one round: every contender in turn. */
export const SCENARIOS: Readonly<Record<string, (plan: Plan) => Step[]>> = {
  burst: ({ arena, peers, figures, sizes: { timers } }) => [
    {
      name: 'burst, bare undici loop',
      run: async () => {
        const { receiver, warmUp, connections, execPath } = arena;
        const limit = await measureUndiciLoop({
          receiver,
          count: LIMIT_SHARE * timers,
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
        const result = await playBurst(arena, contender, { timers });
        figures.add(scenarioNames.burst, contender.name, burstMetrics(result));
      },
    })),
  ],
  steady: ({ arena, peers, figures, sizes: { seconds } }) =>
    STEADY_RATES.flatMap((perSecond) =>
      [timerService, ...peers].map((contender) => ({
        name: `${scenarioNames.steady(perSecond)}, ${contender.name}`,
        run: async () => {
          const result = await playSteady(arena, contender, { perSecond, seconds });
          figures.add(scenarioNames.steady(perSecond), contender.name, steadyMetrics(result));
        },
      })),
    ),
  nats: ({ arena, figures, sizes: { natsTimers } }) => [
    {
      name: 'nats, bare claim and settle',
      run: async () => {
        const { perSecond } = await playClaimAndSettle(arena, natsTimers);
        figures.add(scenarioNames.nats, LIMIT, { [METRICS.rate]: perSecond });
      },
    },
    {
      name: 'nats',
      run: async () => {
        figures.add(scenarioNames.nats, OURS, burstMetrics(await playNats(arena, natsTimers)));
      },
    },
  ],
  held: ({ arena, figures, sizes: { timers, finished } }) =>
    [false, true].map((held) => {
      const name = held ? scenarioNames.held : scenarioNames.notHeld;
      return {
        name,
        run: async () => {
          figures.add(name, OURS, burstMetrics(await playHeld(arena, { timers, finished, held })));
        },
      };
    }),
  pending: ({ arena, figures, sizes: { pending, seconds } }) =>
    [FEW_PENDING, pending].map((timers) => ({
      name: scenarioNames.pending(timers),
      run: async () => {
        const result = await playPending(arena, { pending: timers, perSecond: PENDING_PER_SECOND, seconds });
        figures.add(scenarioNames.pending(timers), OURS, {
          [METRICS.claimP50]: result.claim.p50,
          [METRICS.claimP99]: result.claim.p99,
          ...steadyMetrics(result),
        });
      },
    })),
  create: ({ arena, figures }) => [
    {
      name: 'create',
      run: async () => {
        const { single, bareRoute, batch, bareInsert } = await playCreate(arena, CREATE_SECONDS);
        figures.add(scenarioNames.create, OURS, { [METRICS.single]: single, [METRICS.batch]: batch });
        figures.add(scenarioNames.create, LIMIT, {
          [METRICS.single]: bareRoute,
          [METRICS.batch]: bareInsert,
        });
      },
    },
  ],
  dead: ({ arena, figures, sizes: { timers, seconds } }) => [
    {
      name: 'dead destination',
      run: async () => {
        const result = await playDeadDestination(arena, {
          dead: timers,
          perSecond: HEALTHY_PER_SECOND,
          seconds,
        });
        figures.add(scenarioNames.dead, OURS, steadyMetrics(result));
      },
    },
  ],
  herd: ({ arena, figures, sizes: { herd, seconds } }) => [
    {
      name: scenarioNames.herd(herd),
      run: async () => {
        const result = await playHerd(arena, { herd, perSecond: HEALTHY_PER_SECOND, seconds });
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
