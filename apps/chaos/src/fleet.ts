import type { Random } from './random.ts';
import { type ServiceProcess, type ServiceProcessOptions, startServiceProcess } from './service-process.ts';

/** The services of a run, all on one database. */
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

  /** Where one of the running services listens. */
  readonly anyUrl = (): string | undefined => {
    const [first, ...others] = this.running;
    return first === undefined ? undefined : this.#random.pick([first, ...others]).url;
  };

  /** One that may be taken away without leaving nobody. */
  spare(): ServiceProcess | undefined {
    const [first, second, ...others] = this.running;
    return first === undefined || second === undefined
      ? undefined
      : this.#random.pick([first, second, ...others]);
  }

  async add(): Promise<void> {
    this.#all.push(await startServiceProcess(this.#options));
  }

  /** Starts or stops services until so many run. */
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

/** In words, the services that ended by themselves, with the last that they logged. */
export function crashesOf({ crashed }: Fleet): string[] {
  return crashed.map(({ pid, log }) => `service ${pid} ended by itself:\n${log.join('\n')}`);
}
