import type { CallbackType } from '@timer-platform/callback-types';

/** A version of a timer: creation makes the first, each update the next. Instants are in Unix milliseconds. */
export interface TimerVersion {
  readonly version: number;
  /** By the clock of PostgreSQL. */
  readonly executeAtMs: number;
  /** When it was requested: it was not in effect before. */
  readonly requestedMs: number;
  /** When the service had confirmed it; undefined if it did not: the version may be in effect or not. */
  readonly confirmedMs: number | undefined;
}

/** A request or a message that reached the receiver. */
export interface Arrival {
  readonly version: number;
  /** `webhook-id` or `Nats-Msg-Id`. */
  readonly messageId: string;
  /** `webhook-attempt` or `Timer-Attempt`. */
  readonly attempt: number;
  /** `webhook-timestamp`: when the attempt started, in whole seconds by the clock of PostgreSQL. NATS has no such header. */
  readonly startedSeconds?: number;
  readonly arrivedMs: number;
  /** Whether the receiver responded; otherwise the callback must be delivered again. */
  readonly acknowledged: boolean;
}

/** A timer that the service has accepted, with its arrivals. */
export interface LoggedTimer {
  readonly id: string;
  readonly type: CallbackType;
  readonly versions: TimerVersion[];
  /** When the service had confirmed its cancellation. */
  canceledMs: number | undefined;
  readonly arrivals: Arrival[];
}

/** The body of every callback: the key of the timer and its version. */
export interface ChaosPayload {
  readonly key: string;
  readonly version: number;
}

/** Records what the service has confirmed and what it has delivered, as seen from outside. */
export class DeliveryLog {
  readonly #timers = new Map<string, LoggedTimer>();
  readonly #arrivals = new Map<string, Arrival[]>();

  recordTimer(key: string, timer: Pick<LoggedTimer, 'id' | 'type'>, first: TimerVersion): LoggedTimer {
    const added = { ...timer, versions: [first], canceledMs: undefined, arrivals: this.#arrivalsOf(key) };
    this.#timers.set(key, added);
    return added;
  }

  /** Records an arrival. It may come before the response that accepts its timer. */
  recordArrival(key: string, arrival: Arrival): void {
    this.#arrivalsOf(key).push(arrival);
  }

  get timers(): readonly LoggedTimer[] {
    return [...this.#timers.values()];
  }

  /** Number of arrivals, including those of timers that were not accepted. */
  get arrivalCount(): number {
    return [...this.#arrivals.values()].reduce((sum, { length }) => sum + length, 0);
  }

  #arrivalsOf(key: string): Arrival[] {
    const arrivals = this.#arrivals.get(key) ?? [];
    this.#arrivals.set(key, arrivals);
    return arrivals;
  }
}
