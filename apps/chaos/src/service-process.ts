import type { ChildProcess } from 'node:child_process';
import { type NameServer, spawnTimerService } from '@timer-platform/test-support';
import { startTcpRelay, type TcpRelay } from './tcp-relay.ts';

/** A name of this machine for services with their own name server. */
export const RECEIVER_HOST = 'receiver.test';

export const CHAOS_API_KEY = 'a-key-for-services-that-will-be-killed';

/** A timer service in a separate process, run from source. */
export interface ServiceProcess {
  readonly pid: number;
  readonly url: string;
  readonly state: 'running' | 'frozen' | 'cut off' | 'ended';
  /** Whether it has exited without `kill` or `stop`. */
  readonly crashed: boolean;
  /** The last lines of its log. */
  readonly log: readonly string[];
  /** Sends SIGKILL and waits for the exit. */
  kill(): Promise<void>;
  /** Sends SIGSTOP: the process stops, its connections stay open. */
  freeze(): void;
  thaw(): void;
  /** Holds back what it and PostgreSQL send to each other. */
  partition(): void;
  heal(): void;
  /** Sends SIGTERM and waits for the exit. */
  stop(): Promise<void>;
}

export interface ServiceProcessOptions {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  /** By default, the name server of this machine. */
  readonly nameServer?: NameServer | undefined;
}

class SpawnedService implements ServiceProcess {
  readonly url: string;
  readonly log: readonly string[];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #relay: TcpRelay;
  #frozen = false;
  #partitioned = false;
  #stopRequested = false;

  constructor(
    child: ChildProcess,
    exit: Promise<unknown>,
    relay: TcpRelay,
    url: string,
    log: readonly string[],
  ) {
    this.#child = child;
    this.#exit = exit;
    this.#relay = relay;
    this.url = url;
    this.log = log;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get state(): ServiceProcess['state'] {
    if (this.#stopRequested || this.#ended) return 'ended';
    if (this.#partitioned) return 'cut off';
    return this.#frozen ? 'frozen' : 'running';
  }

  get crashed(): boolean {
    return this.#ended && !this.#stopRequested;
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  freeze(): void {
    this.#frozen = true;
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#frozen = false;
    this.#child.kill('SIGCONT');
  }

  partition(): void {
    this.#partitioned = true;
    this.#relay.stall();
  }

  heal(): void {
    this.#partitioned = false;
    this.#relay.resume();
  }

  async stop(): Promise<void> {
    if (this.#frozen) this.thaw();
    if (this.#partitioned) this.heal();
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.#ended) {
      this.#stopRequested = true;
      this.#child.kill(signal);
    }
    await this.#exit;
    await this.#relay.stop();
  }
}

/**
 * Starts a service and waits until it listens.
 * @throws Error with its log if it exits before that
 */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { natsUrl, nameServer } = options;
  const databaseUrl = new URL(options.databaseUrl);
  const relay = await startTcpRelay(Number(databaseUrl.port));
  databaseUrl.port = String(relay.port);
  const { child, exit, url, log } = await spawnTimerService(
    {
      DATABASE_URL: databaseUrl.href,
      NATS_URL: natsUrl,
      API_KEY: CHAOS_API_KEY,
      LOG_LEVEL: 'info',
      ALLOWED_DESTINATIONS: `127.0.0.1,${RECEIVER_HOST}`,
    },
    nameServer?.wrap.bind(nameServer),
  );
  return new SpawnedService(child, exit, relay, url, log);
}
