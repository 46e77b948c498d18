const INITIAL_CAPACITY = 8;

/**
 * A FIFO queue with constant-time operations. It only grows: arrays that are copied and dropped would keep their items
 * alive until the next garbage collection of the old generation. Holds no reference to removed items.
 */
export class RingBuffer<Item> {
  /** The length is a power of two, so that a mask wraps indexes. */
  #ring: (Item | undefined)[] = new Array<Item | undefined>(INITIAL_CAPACITY).fill(undefined);
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

  /** Removes and returns the oldest item. */
  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#take(0);
    this.#head = this.#at(1);
    this.#size -= 1;
    return item;
  }

  /** Keeps the `keep` oldest items; removes and returns the others in order. */
  cut(keep: number): Item[] {
    const taken: Item[] = [];
    for (let n = keep; n < this.#size; n += 1) taken.push(this.#take(n));
    this.#size -= taken.length;
    return taken;
  }

  #at(n: number): number {
    return (this.#head + n) & (this.#ring.length - 1);
  }

  /** Removes the item at the n-th position from the head. */
  #take(n: number): Item {
    const item = this.#ring[this.#at(n)];
    this.#ring[this.#at(n)] = undefined;
    // Every position below the size holds an item, and undefined may be one.
    return item as Item;
  }

  #grow(): void {
    const items = this.#ring.map((_, n) => this.#ring[this.#at(n)]);
    this.#ring = [...items, ...new Array<Item | undefined>(items.length).fill(undefined)];
    this.#head = 0;
  }
}
