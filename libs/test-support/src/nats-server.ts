import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findFreePort } from '@timer-platform/embedded-postgres';
import { findProgram } from './find-program.ts';

export interface NatsServerOptions {
  /** Enables JetStream. Its store is a temporary directory that survives {@link NatsServer.kill}. */
  readonly jetstream?: boolean;
  /** Text of a configuration file, for users, permissions, TLS or limits. It must not set the port or the store. */
  readonly config?: string;
}

/** A real nats-server on 127.0.0.1. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Kills the process with SIGKILL. The store is kept. */
  kill(): Promise<void>;
  /** Stops the process with SIGSTOP: connections stay open, but the server does not respond. */
  freeze(): void;
  /** Continues a frozen process. */
  thaw(): void;
  /** Kills the process if it is running and starts it on the same port with the same store. */
  restart(): Promise<void>;
  /** Kills the process and deletes the store. Idempotent. */
  stop(): Promise<void>;
}

const MAX_STARTS = 5;
const MAX_LINES = 20;

async function launch(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      reject(new Error(`nats-server has exited with code ${code ?? 'none'}:\n${lines.join('\n')}`));
    });
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
      if (line.includes('Server is ready')) resolve(child);
    });
  });
}

async function terminate(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
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
        if (tries === MAX_STARTS || !String(error).includes('address already in use')) throw error;
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
    kill: () => terminate(child, 'SIGKILL'),
    freeze: () => {
      child.kill('SIGSTOP');
    },
    thaw: () => {
      child.kill('SIGCONT');
    },
    restart: async () => {
      await terminate(child, 'SIGKILL');
      child = await start(port);
    },
    stop: async () => {
      // SIGKILL also ends a frozen process.
      await terminate(child, 'SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}
