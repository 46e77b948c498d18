import type { CallbackType } from '@timer-platform/callback-types';

/** What a timer was told to do from a moment on: each update makes a new version. Instants are Unix milliseconds. */
export interface TimerVersion {
  readonly version: number;
  readonly executeAtMs: number;
  /** When the service had confirmed it; undefined: it never did, and the version may hold or not. */
  readonly confirmedMs: number | undefined;
}

/** A request or a message that reached the receiver. */
export interface Arrival {
  readonly version: number;
  /** `webhook-id` or `Nats-Msg-Id`. */
  readonly messageId: string;
  readonly arrivedMs: number;
  /** Whether the receiver has taken it: one that is left without an answer has to come again. */
  readonly taken: boolean;
}

/** A timer that the service has accepted, and everything that became of it. */
export interface LedgerEntry {
  readonly id: string;
  readonly type: CallbackType;
  readonly versions: TimerVersion[];
  /** When the service had confirmed that it is canceled. */
  canceledMs: number | undefined;
  readonly arrivals: Arrival[];
}

/** The body of every callback: which timer it is of, and with which of its versions. */
export interface ChaosPayload {
  readonly key: string;
  readonly version: number;
}

/** Writes down what the service has promised and what it has done, from the outside. */
export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #arrivals = new Map<string, Arrival[]>();

  accepted(key: string, entry: Pick<LedgerEntry, 'id' | 'type'>, first: TimerVersion): LedgerEntry {
    const added = { ...entry, versions: [first], canceledMs: undefined, arrivals: this.#arrivalsOf(key) };
    this.#entries.set(key, added);
    return added;
  }

  /** A callback may arrive before the answer that accepts its timer. */
  arrived(key: string, arrival: Arrival): void {
    this.#arrivalsOf(key).push(arrival);
  }

  get entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  /** Everything that arrived, of accepted timers and others. */
  get arrivals(): number {
    return [...this.#arrivals.values()].reduce((sum, { length }) => sum + length, 0);
  }

  #arrivalsOf(key: string): Arrival[] {
    const found = this.#arrivals.get(key) ?? [];
    this.#arrivals.set(key, found);
    return found;
  }
}
