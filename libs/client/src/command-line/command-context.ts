import type { TimerClient } from '../client/timer-client.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** What commands take from the process. */
export interface CommandContext {
  /** @throws {UsageError} if the URL or the key is missing or not valid */
  client(): TimerClient;
  output(): Output;
  /** Sets the exit code of a command that has not thrown. */
  exitWith(code: ExitCode): void;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readInput: InputReader;
  /** Asks on the terminal. @throws {UsageError} if there is none */
  confirm(question: string): Promise<boolean>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Aborted by Ctrl-C from the first call on, instead of ending the process. */
  listenForStop(): AbortSignal;
}

/** Reads a file, or standard input for `-`. */
export type InputReader = (path: string) => Promise<Uint8Array>;
