const LEAST_CAPACITY = 8;

/**
 * First in, first out, in constant time. A ring buffer that only grows: arrays that are copied and dropped as the queue
 * moves on would keep what they held alive until the next collection of the old generation. What was taken is no longer
 * referred to.
 */
export class RingBuffer<Item> {
  /** Its length is a power of two, so that a mask wraps positions around. */
  #ring: (Item | undefined)[] = new Array<Item | undefined>(LEAST_CAPACITY).fill(undefined);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[this.#at(this.#size)] = item;
    this.#size += 1;
  }

  /** Takes out the one that has waited longest. */
  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#take(0);
    this.#head = this.#at(1);
    this.#size -= 1;
    return item;
  }

  /** Leaves the `keep` that have waited longest, and takes out the rest in their order. */
  cut(keep: number): Item[] {
    const taken: Item[] = [];
    for (let n = keep; n < this.#size; n += 1) taken.push(this.#take(n));
    this.#size -= taken.length;
    return taken;
  }

  #at(n: number): number {
    return (this.#head + n) & (this.#ring.length - 1);
  }

  /** Empties the n-th place from the head. */
  #take(n: number): Item {
    const item = this.#ring[this.#at(n)];
    this.#ring[this.#at(n)] = undefined;
    // Within the size every place holds an item, which may well be undefined itself.
    return item as Item;
  }

  #grow(): void {
    const items = this.#ring.map((_, n) => this.#ring[this.#at(n)]);
    this.#ring = [...items, ...new Array<Item | undefined>(items.length).fill(undefined)];
    this.#head = 0;
  }
}
