import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { bundleProgram } from './bundle-program.ts';
import type { NameServer } from './name-server.ts';

const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../apps/timer-service/src/main.ts', import.meta.url));
const LINES_KEPT = 60;

const listening = z.looseObject({ msg: z.literal('listening'), url: z.string() });

/** A timer service in a process of its own, run from source. */
export interface TimerServiceProcess {
  readonly url: string;
  /** A key with the role admin. */
  readonly apiKey: string;
  /** The last lines of its log. */
  readonly log: readonly string[];
  /** Sends SIGKILL and waits for the exit. */
  kill(): Promise<void>;
  /** Sends SIGTERM and waits for the exit. Idempotent. */
  stop(): Promise<void>;
}

export interface TimerServiceOptions {
  readonly databaseUrl: string;
  /** By default a free port. Pass the port of a service that has ended to start another in its place. */
  readonly port?: number;
  /** More settings, such as `NATS_URL` or `SIGNING_SECRETS`. Callbacks to 127.0.0.1 are allowed. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The address that this line of output names, in production or in development mode. */
function listeningUrlOf(line: string): string | undefined {
  if (line.includes('"listening"')) return listening.safeParse(JSON.parse(line)).data?.url;
  return /^Timer Platform listens on (\S+)$/.exec(line)?.[1];
}

const API_KEY = 'a-key-of-a-service-that-only-tests-use';

/** A process of the timer service that listens. */
export interface SpawnedTimerService {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown>;
  readonly url: string;
  /** The last lines of its log. */
  readonly log: readonly string[];
}

/**
 * Runs the timer service from source, in production mode unless TIMER_MODE says otherwise, and waits until it listens.
 *
 * @param settings its environment, besides the defaults for tests
 * @param wrap changes the command, to run it in other surroundings
 * @throws Error with its log if it exits before that
 */
export async function spawnTimerService(
  settings: Readonly<Record<string, string>>,
  wrap: NameServer['wrap'] = (program, args) => ({ program, args: [...args] }),
): Promise<SpawnedTimerService> {
  const { program, args } = wrap(process.execPath, [await bundleProgram(MAIN)]);
  const child = spawn(program, args, {
    cwd: WORKSPACE,
    env: {
      PATH: process.env['PATH'],
      TIMER_MODE: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      ALLOWED_DESTINATIONS: '127.0.0.1',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  const log: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      reject(new Error(`the timer service exited before it listened:\n${log.join('\n')}`));
    });
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        log.push(line);
        if (log.length > LINES_KEPT) log.shift();
        const listeningUrl = listeningUrlOf(line);
        if (listeningUrl !== undefined) resolve(listeningUrl);
      });
  });
  return { child, exit, url, log };
}

/**
 * Starts a timer service on a migrated database and waits until it listens.
 * @throws Error with its log if it exits before that
 */
export async function startTimerService(options: TimerServiceOptions): Promise<TimerServiceProcess> {
  const { child, exit, url, log } = await spawnTimerService({
    DATABASE_URL: options.databaseUrl,
    API_KEY,
    PORT: String(options.port ?? 0),
    ...options.env,
  });
  return {
    url,
    apiKey: API_KEY,
    log,
    kill: () => end(child, 'SIGKILL', exit),
    stop: () => end(child, 'SIGTERM', exit),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals, exit: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exit;
}
