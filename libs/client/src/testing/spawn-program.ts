import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

type Environment = Readonly<Record<string, string>>;

/** What a program has written, and how it ended. */
export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface Running {
  readonly finished: Promise<Finished>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until the condition holds for what it has written. @throws Error with that if it ends before */
  waitFor(condition: (written: { stdout: string; stderr: string }) => boolean): Promise<void>;
}

/** The bundled command line. */
export interface Program {
  readonly path: string;
  start(args: readonly string[], env: Environment): Running;
  run(
    args: readonly string[],
    options: { readonly env: Environment; readonly stdin?: string },
  ): Promise<Finished>;
  remove(): Promise<void>;
}

/** Bundles the command line from source, as the build of the package does. */
export async function bundleProgram(): Promise<Program> {
  const directory = await mkdtemp(join(tmpdir(), 'timer-command-line-'));
  const path = join(directory, 'timer.cjs');
  await promisify(execFile)(process.execPath, [join(PACKAGE, 'bundle-command-line.mjs'), path]);

  const start = (args: readonly string[], env: Environment, stdin = ''): Running => {
    const child = spawn(process.execPath, [path, ...args], {
      env: { ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A program that reads nothing may end before its input is written.
    child.stdin.on('error', () => undefined).end(stdin);
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        written[name] += chunk;
        child.emit('written');
      });
    const finished = once(child, 'close').then(([exitCode]): Finished => ({
      exitCode: exitCode as number | null,
      ...written,
    }));
    return {
      finished,
      kill: (signal) => child.kill(signal),
      waitFor: async (condition) => {
        const ended = finished.then(() => true);
        while (!condition(written))
          if ((await Promise.race([once(child, 'written'), ended])) === true)
            throw new Error(
              `timer ${args.join(' ')} ended before the condition held: ${JSON.stringify(written)}`,
            );
      },
    };
  };
  return {
    path,
    start,
    run: (args, { env, stdin }) => start(args, env, stdin).finished,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
