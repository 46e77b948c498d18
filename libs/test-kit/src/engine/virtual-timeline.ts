import type { Timeline } from '@timer-platform/timer-service';

interface Alarm {
  readonly atMs: number;
  readonly call: () => void;
}

/** A {@link Timeline} that stands still until it is moved. Its monotonic and its wall clock are the same. */
export class VirtualTimeline implements Timeline {
  readonly clock = { monotonicMs: () => this.#nowMs, wallMs: () => this.#nowMs };
  /** The database's clock is moved together with this one. */
  readonly databaseClock = { at: (monotonicMs: number) => monotonicMs, observe: () => undefined };
  readonly #alarms = new Set<Alarm>();
  #nowMs: number;

  /** @param startMs milliseconds since 1970 */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, call: () => void): () => void {
    const alarm = { atMs: this.#nowMs + ms, call };
    this.#alarms.add(alarm);
    return () => {
      this.#alarms.delete(alarm);
    };
  }

  /** Moves to an instant, which must not be earlier, and calls everyone who waited for it. */
  moveTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    for (let next = this.#nextElapsed(); next !== undefined; next = this.#nextElapsed()) {
      this.#alarms.delete(next);
      next.call();
    }
  }

  #nextElapsed(): Alarm | undefined {
    let earliest: Alarm | undefined;
    for (const alarm of this.#alarms)
      if (alarm.atMs <= this.#nowMs && (earliest === undefined || alarm.atMs < earliest.atMs))
        earliest = alarm;
    return earliest;
  }
}
