/** Keeps the newest items, without moving any: a ring that is written on the hot path. */
export class NewestTimers<Item> {
  readonly #ring: (Item | undefined)[];
  #added = 0;

  constructor(capacity: number) {
    this.#ring = new Array<Item | undefined>(capacity).fill(undefined);
  }

  add(item: Item): void {
    this.#ring[this.#added % this.#ring.length] = item;
    this.#added += 1;
  }

  /** Oldest first. */
  list(): Item[] {
    const at = this.#added % this.#ring.length;
    return [...this.#ring.slice(at), ...this.#ring.slice(0, at)].filter((item) => item !== undefined);
  }
}
