import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EngineCalls, EngineMethod, FromEngine, ToEngine } from './protocol.ts';

/** Messages of the engine that are not results of calls. */
export type EngineEvent = Exclude<FromEngine, { kind: 'ready' | 'result' | 'error' }>;

interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const LINES_KEPT = 40;

/** The engine of the built package, or of the sources of this workspace. */
function engineCommand(): { readonly args: readonly string[]; readonly cwd: string } {
  const built = fileURLToPath(new URL('../engine/process/engine.cjs', import.meta.url));
  const directory = fileURLToPath(new URL('.', import.meta.url));
  if (existsSync(built)) return { args: [built], cwd: directory };
  const source = fileURLToPath(new URL('./engine/engine-process.ts', import.meta.url));
  return { args: ['--conditions=@timer-platform/source', '--import', 'tsx', source], cwd: directory };
}

/**
 * The engine, in a process of its own: fake timers, mocks and module systems of the test do not reach it, and it cleans
 * up when the process of the test is killed.
 */
export class EngineClient {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, Call>();
  readonly #output: string[] = [];
  #count = 0;
  #hasExited = false;

  constructor(onEvent: (event: EngineEvent) => void) {
    const { args, cwd } = engineCommand();
    this.#child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output.push(...text.split('\n').filter((line) => line !== ''));
        this.#output.splice(0, this.#output.length - LINES_KEPT);
      });
    this.#child.on('message', (message: FromEngine) => {
      if (message.kind === 'result') this.#take(message.id)?.resolve(message.result);
      else if (message.kind === 'error') this.#take(message.id)?.reject(new Error(message.message));
      else if (message.kind !== 'ready') onEvent(message);
    });
    this.#child.once('error', (error) => {
      this.#failAll(`The engine of the test kit could not be started: ${error.message}`);
    });
    this.#child.once('exit', (code, signal) => {
      this.#failAll(
        [
          `The engine of the test kit has ended (${signal ?? `exit code ${code ?? 'none'}`})`,
          ...this.#output,
        ].join('\n'),
      );
    });
    this.#hold(false);
  }

  /** @throws Error with the message of the engine, or with its output if it has ended */
  call<Method extends EngineMethod>(
    method: Method,
    parameters: EngineCalls[Method][0],
  ): Promise<EngineCalls[Method][1]> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      if (this.#hasExited) {
        reject(new Error('The test kit is stopped'));
        return;
      }
      this.#calls.set(id, {
        // The engine is of the same version.
        resolve: resolve as (result: unknown) => void,
        reject,
      });
      this.#hold(true);
      this.post({ kind: 'call', id, method, parameters });
    });
  }

  post(message: ToEngine): void {
    if (!this.#hasExited) this.#child.send(message, () => undefined);
  }

  /** Ends the process, which cleans up first. Idempotent. */
  async close(): Promise<void> {
    if (this.#hasExited) return;
    const exit = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#hold(true);
    this.#child.disconnect();
    await exit;
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#hold(false);
    return call;
  }

  /** Whether the engine keeps the process of the test alive: only while a call waits for it. */
  #hold(isHeld: boolean): void {
    const { channel, stdout, stderr } = this.#child;
    // Pipes of a child are sockets.
    const handles = [this.#child, channel, stdout, stderr] as (
      Partial<NodeJS.RefCounted> | null | undefined
    )[];
    for (const handle of handles) {
      if (isHeld) handle?.ref?.();
      else handle?.unref?.();
    }
  }

  #failAll(message: string): void {
    this.#hasExited = true;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(new Error(message));
  }
}
