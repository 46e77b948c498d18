/** Pseudo-random numbers from a seed, which make a run reproducible. */
export interface Random {
  /** A number from 0 to below 1. */
  next(): number;
  /** A number from `min` to below `max`. */
  between(min: number, max: number): number;
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
}

/** Tommy Ettinger's mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number): number => min + next() * (max - min);
  const integer = (min: number, max: number): number => Math.floor(between(min, max + 1));
  return { next, between, integer, pick: (items) => items[integer(0, items.length - 1)] ?? items[0] };
}
