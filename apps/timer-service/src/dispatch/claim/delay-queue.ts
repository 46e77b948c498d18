import TinyQueue from 'tinyqueue';

/** Something that is due at an instant, in milliseconds. */
export interface Due {
  readonly dueMs: number;
}

/** The clock of the queue: the time, and a wake-up. */
export interface Alarm {
  nowMs(): number;
  /** Calls back once after this many milliseconds; returns a function that cancels the call. */
  after(ms: number, call: () => void): () => void;
}

/** Longer waits are split: setTimeout fires at once if the delay exceeds 2^31 − 1 ms. */
const LONGEST_SLEEP_MS = 60 * 60 * 1_000;

/** Holds claimed timers and emits each at its due instant, never earlier. One alarm serves all of them. */
export class DelayQueue<Item extends Due> {
  readonly #items: TinyQueue<Item>;
  readonly #alarm: Alarm;
  readonly #onDue: (item: Item) => void;
  #setForMs = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => undefined;

  /** @param tieOrder compares items that are due at the same instant; without it their order is arbitrary */
  constructor(
    alarm: Alarm,
    onDue: (item: Item) => void,
    tieOrder: (one: Item, other: Item) => number = () => 0,
  ) {
    this.#items = new TinyQueue<Item>([], (one, other) => one.dueMs - other.dueMs || tieOrder(one, other));
    this.#alarm = alarm;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Adds items; those already due are emitted before this returns. */
  add(items: Iterable<Item>): void {
    for (const item of items) this.#items.push(item);
    this.#emitDue();
  }

  /** Removes and returns everything that was not emitted. */
  takeAll(): Item[] {
    const items: Item[] = [];
    for (let item = this.#items.pop(); item !== undefined; item = this.#items.pop()) items.push(item);
    this.#setAlarm();
    return items;
  }

  /** Removes and returns what is due later than this. */
  takeAfter(dueMs: number): Item[] {
    const items = this.takeAll();
    const isLater = (item: Item): boolean => item.dueMs > dueMs;
    this.add(items.filter((item) => !isLater(item)));
    return items.filter(isLater);
  }

  #emitDue(): void {
    for (let item = this.#items.peek(); item !== undefined; item = this.#items.peek()) {
      if (item.dueMs > this.#alarm.nowMs()) break;
      this.#items.pop();
      this.#onDue(item);
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
      this.#emitDue();
    });
  }
}
