/** A change of a clock, in Unix milliseconds of this machine: it took effect between `fromMs` and `toMs`. */
export interface ClockStep {
  readonly fromMs: number;
  readonly toMs: number;
  /** How far the clock is ahead of this machine's from then on, in milliseconds. */
  readonly offsetMs: number;
}

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

/**
 * What a clock read that was stepped, by the clock of this machine. It equals that clock before the first step. Periods
 * overlap where it is not known whether a step had taken effect.
 */
export class SteppedClock {
  readonly #steps: ClockStep[] = [];

  /** Records a step; to be called in the order of their instants. */
  record(step: ClockStep): void {
    this.#steps.push(step);
  }

  get wasStepped(): boolean {
    return this.#steps.length > 0;
  }

  /** What it reads at an instant after the last step. */
  readingAt(atMs: number): number {
    return atMs + (this.#steps.at(-1)?.offsetMs ?? 0);
  }

  /** The latest reading in a span, both ends included. */
  latestReading(fromMs: number, toMs: number): number {
    const latest = this.#periodsWithin(fromMs, toMs).map((period) => period.toMs + period.offsetMs);
    return Math.max(...latest);
  }

  /** What the most advanced program shows at an instant that learns of steps with a delay of up to `delayMs`. */
  latestBelief(atMs: number, delayMs: number): number {
    return Math.max(...this.#periodsWithin(atMs - delayMs, atMs).map(({ offsetMs }) => atMs + offsetMs));
  }

  /** Whether it read an instant from `readingFromMs` to `readingToMs` at this instant, by some step that may apply. */
  mayHaveRead(atMs: number, readingFromMs: number, readingToMs: number): boolean {
    return [0, ...this.#steps.map(({ offsetMs }) => offsetMs)].some(
      (offsetMs) => readingFromMs <= atMs + offsetMs && atMs + offsetMs <= readingToMs,
    );
  }

  /**
   * Whether a program that learns of steps with a delay of up to `delayMs` may have shown an instant from `readingFromMs`
   * to `readingToMs` at some time up to `untilMs`.
   */
  mayHaveBelieved(readingFromMs: number, readingToMs: number, untilMs: number, delayMs: number): boolean {
    return this.#periodsWithin(Number.NEGATIVE_INFINITY, untilMs).some(
      ({ fromMs, toMs, offsetMs }) =>
        Math.max(readingFromMs - offsetMs, fromMs) <=
        Math.min(readingToMs - offsetMs, toMs + delayMs, untilMs),
    );
  }

  /** The parts of a span in which it read `readingMs` or later. */
  spansSince(readingMs: number, fromMs: number, toMs: number): { fromMs: number; toMs: number }[] {
    const spans: { fromMs: number; toMs: number }[] = [];
    let countedToMs = Number.NEGATIVE_INFINITY;
    for (const period of this.#periodsWithin(fromMs, toMs)) {
      const start = Math.max(period.fromMs, readingMs - period.offsetMs, countedToMs);
      if (start >= period.toMs) continue;
      spans.push({ fromMs: start, toMs: period.toMs });
      countedToMs = period.toMs;
    }
    return spans;
  }

  #periodsWithin(fromMs: number, toMs: number): Period[] {
    const first = { fromMs: Number.NEGATIVE_INFINITY, offsetMs: 0 };
    return [first, ...this.#steps]
      .map((step, index) => ({
        offsetMs: step.offsetMs,
        fromMs: Math.max(step.fromMs, fromMs),
        toMs: Math.min(this.#steps[index]?.toMs ?? Number.POSITIVE_INFINITY, toMs),
      }))
      .filter((period) => period.fromMs <= period.toMs);
  }
}
