import type { Runtime } from '../client/runtime.ts';

/** A runtime whose time passes only while somebody sleeps. */
export interface ManualRuntime extends Runtime {
  /** The waits so far, in milliseconds. */
  readonly waits: readonly number[];
  /** Lets time pass. */
  advance(ms: number): void;
}

export function manualRuntime(options: { random?: number; wallMs?: number } = {}): ManualRuntime {
  let now = 0;
  let ids = 0;
  const waits: number[] = [];
  return {
    waits,
    advance: (ms) => {
      now += ms;
    },
    monotonicMs: () => now,
    wallMs: () => (options.wallMs ?? 0) + now,
    random: () => options.random ?? 0.5,
    randomId: () => `id-${(ids += 1)}`,
    sleep: (ms) => {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
}
