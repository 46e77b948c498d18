import TinyQueue from 'tinyqueue';

/** Something that is due at an instant, in milliseconds. */
export interface Due {
  readonly dueMs: number;
}

/** What the queue needs of a clock: the time by which things are due, and to be woken. Tests move both by hand. */
export interface Alarm {
  nowMs(): number;
  /** Calls back once after this many milliseconds; returns what takes that back. */
  after(ms: number, call: () => void): () => void;
}

/** An {@link Alarm} of Node's timers. */
export function timeoutAlarm(nowMs: () => number): Alarm {
  return {
    nowMs,
    after: (ms, call) => {
      const timeout = setTimeout(call, Math.ceil(ms));
      return () => {
        clearTimeout(timeout);
      };
    },
  };
}

/** setTimeout takes no more than 2^31 − 1 ms and would fire at once; a longer wait is taken in steps of this. */
const LONGEST_SLEEP_MS = 60 * 60 * 1_000;

/** Holds claimed timers and lets each go at its due instant, never before, one alarm being set for all of them. */
export class DelayQueue<Item extends Due> {
  readonly #items = new TinyQueue<Item>([], (one, other) => one.dueMs - other.dueMs);
  readonly #alarm: Alarm;
  readonly #release: (item: Item) => void;
  #setForMs = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => undefined;

  constructor(alarm: Alarm, release: (item: Item) => void) {
    this.#alarm = alarm;
    this.#release = release;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Adds items; those that are due already are let go before this returns. */
  add(items: Iterable<Item>): void {
    for (const item of items) this.#items.push(item);
    this.#releaseDue();
  }

  /** Takes out everything that was not let go. */
  takeAll(): Item[] {
    const items: Item[] = [];
    for (let item = this.#items.pop(); item !== undefined; item = this.#items.pop()) items.push(item);
    this.#setAlarm();
    return items;
  }

  #releaseDue(): void {
    for (let item = this.#items.peek(); item !== undefined; item = this.#items.peek()) {
      if (item.dueMs > this.#alarm.nowMs()) break;
      this.#items.pop();
      this.#release(item);
    }
    this.#setAlarm();
  }

  #setAlarm(): void {
    const dueMs = this.#items.peek()?.dueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs === this.#setForMs) return;
    this.#cancel();
    this.#setForMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) {
      this.#cancel = () => undefined;
      return;
    }
    const waitMs = Math.min(Math.max(dueMs - this.#alarm.nowMs(), 0), LONGEST_SLEEP_MS);
    this.#cancel = this.#alarm.after(waitMs, () => {
      this.#setForMs = Number.POSITIVE_INFINITY;
      this.#cancel = () => undefined;
      this.#releaseDue();
    });
  }
}
