import type { DedupStore } from './dedup-store.ts';
import type { OnError } from './report-error.ts';

export interface ReceiverOptions<Transaction = undefined> {
  /**
   * The signing secrets of the timer service, `whsec_…`; several during a rotation, as an array or separated by commas.
   * A request that is signed with none of them is rejected with 401.
   */
  readonly secrets?: string | readonly string[] | undefined;
  /**
   * Instead of secrets: anyone who can reach the receiver can call its handlers with any payload. For development, and
   * for networks in which only the timer service can reach it.
   */
  readonly acceptUnsigned?: boolean | undefined;
  /** Remembers what was handled; by default in the memory of this process. */
  readonly dedup?: DedupStore<Transaction> | undefined;
  /** Maximum difference between the timestamp of a request and the clock of this machine, in seconds; 300 by default. */
  readonly toleranceSeconds?: number | undefined;
  /** Larger bodies are rejected with 413; 3 MiB by default, the most that the service sends. */
  readonly maxBodyBytes?: number | undefined;
  /** Time limit for a body to arrive, in milliseconds; 10,000 by default. */
  readonly bodyTimeoutMs?: number | undefined;
  /** Gets each error; by default those of handlers, payloads and this receiver go to `console.error`. */
  readonly onError?: OnError | undefined;
  /** The current time; by default the clock of this machine. */
  readonly now?: (() => Date) | undefined;
}

export const DEFAULT_MAX_BODY_BYTES = 3 * 1_048_576;
export const DEFAULT_BODY_TIMEOUT_MS = 10_000;
