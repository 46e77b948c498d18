import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Where and when figures were measured. */
export interface Machine {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGib: number;
  readonly node: string;
  /** Load average of the last minute. Above the number of cores, other programs slowed the measurement down. */
  readonly load: number;
}

export function describeMachine(node: string): Machine {
  return {
    date: new Date().toISOString().slice(0, 16),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node,
    load: loadavg()[0] ?? Number.NaN,
  };
}

export function formatMachine({ date, cores, cpu, memoryGib, node, load }: Machine): string {
  return `${date}Z, ${cores} cores (${cpu}), ${memoryGib} GiB, Node ${node}, load average before ${load.toFixed(1)}`;
}
