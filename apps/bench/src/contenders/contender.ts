import type { NameServer } from '@timer-platform/test-support';
import type { BenchDatabase } from '../database/bench-server.ts';
import type { StoredJobs } from '../database/stored-jobs.ts';
import type { Child } from '../processes/child.ts';
import type { BenchPayload } from '../receiver/arrivals.ts';

/** A callback to store. */
export interface Job {
  /** Where to POST the payload at `payload.dueMs`. */
  readonly url: string;
  readonly payload: BenchPayload;
}

export interface StartOptions {
  /** The Node.js binary. */
  readonly execPath: string;
  /** Maximum number of connections to a receiver, and so of concurrent requests. */
  readonly connections: number;
  readonly env?: Readonly<Record<string, string>>;
  /** By default, the name server of this machine. */
  readonly nameServer?: NameServer | undefined;
  /** Node.js options. */
  readonly nodeArgs?: readonly string[];
}

/** A scheduler that stores callbacks in PostgreSQL and delivers them when they are due. */
export interface Contender {
  readonly name: string;
  /** Every setting that differs from the defaults. */
  readonly settings: string;
  /** Creates its tables in an empty database. */
  prepare(database: BenchDatabase): Promise<void>;
  /** Starts a worker process and waits until it is ready. */
  start(database: BenchDatabase, options: StartOptions): Promise<Child>;
  store(database: BenchDatabase, jobs: readonly Job[]): Promise<StoredJobs>;
  /** Counts the jobs whose end is not yet recorded. */
  countUnfinished(database: BenchDatabase): Promise<number>;
}
