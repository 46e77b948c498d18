import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findFreePort } from '@timer-platform/embedded-postgres';
import { connect, type Msg, type NatsConnection } from 'nats';
import { NAME_HEADER } from '../callback-selector.ts';
import type { DeliveryRecord } from '../delivery.ts';

type Caught = Omit<DeliveryRecord, 'index' | 'attempt'>;

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

async function launchOnFreePort(
  program: string,
  store: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  for (let tries = 1; ; tries += 1) {
    const port = await findFreePort();
    try {
      const args = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', store];
      return { child: await launch(program, args), port };
    } catch (error) {
      if (tries === MAX_STARTS || !String(error).includes('address already in use')) throw error;
    }
  }
}

function toRecord({ data, headers, subject }: Msg, atMs: number): Caught | undefined {
  const named: Record<string, string> = {};
  for (const key of headers?.keys() ?? []) named[key.toLowerCase()] = headers?.values(key).join(', ') ?? '';
  const id = named['nats-msg-id'];
  // Not from the platform.
  if (id === undefined) return undefined;
  return {
    id,
    name: named[NAME_HEADER] ?? null,
    url: null,
    subject,
    atMs,
    type: 'nats',
    headers: named,
    body: new TextDecoder().decode(data),
    result: 'published',
  };
}

/** A real nats-server with JetStream, and a subscription that records what the platform publishes. */
export class NatsCatcher {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #connection: NatsConnection;

  private constructor(url: string, child: ChildProcess, directory: string, connection: NatsConnection) {
    this.url = url;
    this.#child = child;
    this.#directory = directory;
    this.#connection = connection;
  }

  /** @param program path of nats-server */
  static async start(
    program: string,
    nowMs: () => number,
    onCaught: (record: Caught) => void,
  ): Promise<NatsCatcher> {
    const directory = await mkdtemp(path.join(tmpdir(), 'timer-kit-nats-'));
    let child: ChildProcess | undefined;
    try {
      const started = await launchOnFreePort(program, directory);
      ({ child } = started);
      const url = `nats://127.0.0.1:${started.port}`;
      const connection = await connect({ servers: url, name: 'timer test kit' });
      connection.subscribe('>', {
        callback: (error, message) => {
          if (error !== null || /^(?:\$JS|_INBOX)\./.test(message.subject)) return;
          const record = toRecord(message, nowMs());
          if (record !== undefined) onCaught(record);
        },
      });
      await connection.flush();
      return new NatsCatcher(url, child, directory, connection);
    } catch (error) {
      child?.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Resolves when everything that the server had published before has been recorded. */
  async drained(): Promise<void> {
    await this.#connection.flush();
  }

  async close(): Promise<void> {
    await this.#connection.close().catch(() => undefined);
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exit;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}
