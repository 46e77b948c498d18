/** Shorter than this, what was taken is not worth moving the rest for. */
const LEAST_MOVE = 64;

/** First in, first out, in constant time on average. What was taken is no longer referred to. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  /** Items before it are gone. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes out the one that has waited longest. */
  shift(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    // A queue that never runs empty would otherwise keep alive everything that ever went through it.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= LEAST_MOVE && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Leaves the `keep` that have waited longest, and takes out the rest in their order. */
  cut(keep: number): Item[] {
    if (this.size <= keep) return [];
    const taken = this.#items.splice(this.#head + keep);
    // Only places before the head are ever emptied.
    return taken as Item[];
  }
}
