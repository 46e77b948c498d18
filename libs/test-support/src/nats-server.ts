import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findFreePort } from '@timer-platform/embedded-postgres';
import { findProgram } from './find-program.ts';

export interface NatsServerOptions {
  /** With JetStream, stored in a temporary directory that survives {@link NatsServer.kill}. */
  readonly jetstream?: boolean;
  /** Text of a configuration file, for users, permissions, TLS, limits. It must set neither port nor store. */
  readonly config?: string;
}

/** A real nats-server on 127.0.0.1. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Ends the process as kill -9 does; the store stays. */
  kill(): Promise<void>;
  /** Freezes the process: connections stay open and nothing answers. */
  freeze(): void;
  /** Ends a freeze. */
  thaw(): void;
  /** Starts it again on the same port with the same store, after ending it if it runs. */
  restart(): Promise<void>;
  /** Ends the process and removes the store. Idempotent. */
  stop(): Promise<void>;
}

const START_TRIES = 5;
const LINES_KEPT = 20;

async function launch(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      reject(new Error(`nats-server has ended with exit code ${code ?? 'none'}:\n${said.join('\n')}`));
    });
    createInterface(child.stderr).on('line', (line) => {
      said.push(line);
      if (said.length > LINES_KEPT) said.shift();
      if (line.includes('Server is ready')) resolve(child);
    });
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** Starts a nats-server on a free port of 127.0.0.1 and waits until it is ready. */
export async function startNatsServer({
  jetstream = false,
  config,
}: NatsServerOptions = {}): Promise<NatsServer> {
  const program = findProgram('nats-server', 'NATS_SERVER_BIN');
  const directory = await mkdtemp(path.join(tmpdir(), 'nats-server-'));
  const options = ['--addr', '127.0.0.1'];
  if (jetstream) options.push('--jetstream', '--store_dir', path.join(directory, 'store'));
  if (config !== undefined) {
    const file = path.join(directory, 'nats.conf');
    await writeFile(file, config);
    options.push('--config', file);
  }
  const start = (port: number): Promise<ChildProcess> =>
    launch(program, [...options, '--port', String(port)]);

  const startOnFreePort = async (): Promise<{ child: ChildProcess; port: number }> => {
    for (let tries = 1; ; tries += 1) {
      const port = await findFreePort();
      try {
        return { child: await start(port), port };
      } catch (error) {
        if (tries === START_TRIES || !String(error).includes('address already in use')) throw error;
      }
    }
  };

  const first = await startOnFreePort().catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  const { port } = first;
  let { child } = first;
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    kill: () => end(child, 'SIGKILL'),
    freeze: () => {
      child.kill('SIGSTOP');
    },
    thaw: () => {
      child.kill('SIGCONT');
    },
    restart: async () => {
      await end(child, 'SIGKILL');
      child = await start(port);
    },
    stop: async () => {
      // It takes nothing with it that the test still needs, and SIGKILL also ends a frozen one.
      await end(child, 'SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}
