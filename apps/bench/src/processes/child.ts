import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The directory that holds nx.json. */
export const workspaceRoot = fileURLToPath(new URL('../../../../', import.meta.url));

const LINES_KEPT = 40;

/** A process that was started for a measurement. */
export interface Child {
  readonly pid: number;
  /** Ends it and waits for its end; kills it when it does not end in time. Idempotent. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  /** For error messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const STOP_MS = 40_000;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exit;
  clearTimeout(timer);
}

/** Starts a program and resolves when `ready` finds what it looks for in a line of its output. */
export async function startProgram<Found>(
  { name, program, args, env = {} }: ProgramOptions,
  ready: (line: string) => Found | undefined,
): Promise<Child & { readonly found: Found }> {
  const child = spawn(program, args, {
    cwd: workspaceRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const found = await new Promise<Found>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`${name} ended (${code ?? signal ?? 'unknown'}):\n${said.join('\n')}`));
    });
    // Both streams are read to the end: a full pipe would stop the program.
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        said.push(line);
        if (said.length > LINES_KEPT) said.shift();
        const match = ready(line);
        if (match !== undefined) resolve(match);
      });
  });
  return { pid: child.pid ?? 0, found, stop: () => end(child) };
}

/** A TypeScript module of this project, running in a process of its own and talking by messages. */
export class ModuleProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #said: string[] = [];

  constructor(name: string, module: URL, args: readonly string[] = [], execPath = process.execPath) {
    this.#name = name;
    this.#child = fork(fileURLToPath(module), args, {
      cwd: workspaceRoot,
      execPath,
      execArgv: ['--conditions=@timer-platform/source', '--import', 'tsx'],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null)
        createInterface(stream).on('line', (line) => {
          this.#said.push(line);
          if (this.#said.length > LINES_KEPT) this.#said.shift();
        });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(message: object): void {
    this.#child.send(message);
  }

  /** The next message that it sends. */
  async next(): Promise<unknown> {
    const waited = new AbortController();
    const { signal } = waited;
    try {
      return await Promise.race([
        once(this.#child, 'message', { signal }).then(([message]: unknown[]) => message),
        once(this.#child, 'exit', { signal }).then(() => {
          throw new Error(`${this.#name} ended:\n${this.#said.join('\n')}`);
        }),
      ]);
    } finally {
      waited.abort();
    }
  }

  stop(): Promise<void> {
    return end(this.#child);
  }
}
