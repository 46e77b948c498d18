import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The directory that holds nx.json. */
export const workspaceRoot = fileURLToPath(new URL('../../../../', import.meta.url));

const LINES_KEPT = 40;

/** A running child process. */
export interface Child {
  readonly pid: number;
  /** Sends SIGTERM, after 40 s SIGKILL, and waits for the exit. Idempotent. */
  stop(): Promise<void>;
  /** Sends SIGKILL and waits for the exit. Idempotent. */
  kill(): Promise<void>;
}

export interface ProgramOptions {
  /** Used in error messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

const STOP_MS = 40_000;

async function terminate(child: ChildProcess, first: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(first);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exit;
  clearTimeout(timer);
}

/**
 * Starts a program and waits until `parseReady` returns a value for a line of its output.
 * @throws Error with the last lines of output if the program exits before that
 */
export async function startProgram<Ready>(
  { name, program, args, env = {} }: ProgramOptions,
  parseReady: (line: string) => Ready | undefined,
): Promise<Child & { readonly ready: Ready }> {
  const child = spawn(program, args, {
    cwd: workspaceRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const recentLines: string[] = [];
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`${name} exited (${code ?? signal ?? 'unknown'}):\n${recentLines.join('\n')}`));
    });
    // Both streams are read to the end: a full pipe would block the program.
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        recentLines.push(line);
        if (recentLines.length > LINES_KEPT) recentLines.shift();
        const value = parseReady(line);
        if (value !== undefined) resolve(value);
      });
  });
  return {
    pid: child.pid ?? 0,
    ready,
    stop: () => terminate(child),
    kill: () => terminate(child, 'SIGKILL'),
  };
}

/** A TypeScript module of this project in a separate process, controlled by messages. */
export class ModuleProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #recentLines: string[] = [];

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
          this.#recentLines.push(line);
          if (this.#recentLines.length > LINES_KEPT) this.#recentLines.shift();
        });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(message: object): void {
    this.#child.send(message);
  }

  /**
   * Waits for the next message of the process.
   * @throws Error with the last lines of output if the process exits before that
   */
  async next(): Promise<unknown> {
    const listeners = new AbortController();
    const { signal } = listeners;
    try {
      return await Promise.race([
        once(this.#child, 'message', { signal }).then(([message]: unknown[]) => message),
        once(this.#child, 'exit', { signal }).then(() => {
          throw new Error(`${this.#name} exited:\n${this.#recentLines.join('\n')}`);
        }),
      ]);
    } finally {
      listeners.abort();
    }
  }

  stop(): Promise<void> {
    return terminate(this.#child);
  }
}
