import type { Output } from '@timer-platform/command-line';
import type { Environment } from '@timer-platform/database';

/** Dependencies of the commands. */
export interface CommandContext {
  readonly env: Environment;
  readonly output: Output;
  /** For commands that can stop after a batch: returns a signal that the first Ctrl-C aborts. */
  readonly listenForStop: () => AbortSignal;
  /** Runs `work` on the database of the settings. */
  readonly onDatabase: (work: (databaseUrl: string) => Promise<void>) => Promise<void>;
}
