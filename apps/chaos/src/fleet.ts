import type { Random } from './random.ts';
import { type ServiceProcess, type ServiceProcessOptions, startServiceProcess } from './service-process.ts';

/** The services of a run. All use one database. */
export class Fleet {
  readonly #options: ServiceProcessOptions;
  readonly #random: Random;
  readonly #all: ServiceProcess[] = [];

  constructor(options: ServiceProcessOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  get running(): readonly ServiceProcess[] {
    return this.#all.filter(({ state }) => state === 'running');
  }

  get crashed(): readonly ServiceProcess[] {
    return this.#all.filter(({ crashed }) => crashed);
  }

  /** The URL of a random running service. */
  readonly pickUrl = (): string | undefined => {
    const [first, ...others] = this.running;
    return first === undefined ? undefined : this.#random.pick([first, ...others]).url;
  };

  /** A random running service, if at least one other service runs. */
  pickRedundant(): ServiceProcess | undefined {
    const [first, second, ...others] = this.running;
    return first === undefined || second === undefined
      ? undefined
      : this.#random.pick([first, second, ...others]);
  }

  async add(): Promise<ServiceProcess> {
    const service = await startServiceProcess(this.#options);
    this.#all.push(service);
    return service;
  }

  /** Starts or stops services until `count` are running. */
  async resize(count: number): Promise<void> {
    const surplus = this.running.slice(count);
    const missing = Math.max(0, count - this.running.length);
    await Promise.all([
      ...surplus.map((service) => service.stop()),
      ...Array.from({ length: missing }, () => this.add()),
    ]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((service) => service.stop()));
  }
}

/** Describes the services that crashed, with the last lines of their logs. */
export function describeCrashes({ crashed }: Fleet): string[] {
  return crashed.map(({ pid, log }) => `service ${pid} crashed:\n${log.join('\n')}`);
}
