import type { BenchDatabase } from '../database/bench-server.ts';
import type { StoredJobs } from '../database/stored-jobs.ts';
import type { Child } from '../processes/child.ts';
import type { BenchPayload } from '../receiver/arrivals.ts';

/** A callback to be stored ahead. */
export interface Job {
  /** Where the payload goes to by POST, at `payload.dueMs`. */
  readonly url: string;
  readonly payload: BenchPayload;
}

export interface StartOptions {
  /** The Node that it runs on. */
  readonly execPath: string;
  /** Connections to a receiver at most, and so requests at once. */
  readonly connections: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Given to Node before the program. */
  readonly nodeArgs?: readonly string[];
}

/** Something that stores callbacks in PostgreSQL and makes them when they are due. */
export interface Contender {
  readonly name: string;
  /** Every setting that differs from its defaults. */
  readonly settings: string;
  /** Makes its tables in an empty database. */
  prepare(database: BenchDatabase): Promise<void>;
  /** Resolves when it is ready to work. */
  start(database: BenchDatabase, options: StartOptions): Promise<Child>;
  store(database: BenchDatabase, jobs: readonly Job[]): Promise<StoredJobs>;
  /** Jobs whose end has not been written yet. */
  unfinished(database: BenchDatabase): Promise<number>;
}
