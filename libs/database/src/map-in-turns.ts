import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work may keep the event loop from others, in milliseconds. A single item may take longer. */
const TURN_MS = 5;

/**
 * Ends the turn of the event loop when its work has taken long enough, so that other requests and deliveries go on. Call
 * it between parts of work whose amount a client decides.
 */
export function turnTaker(): () => Promise<void> | undefined {
  let startedMs = performance.now();
  return () => {
    if (performance.now() - startedMs < TURN_MS) return undefined;
    return nextTurn().then(() => {
      startedMs = performance.now();
    });
  };
}

/** Maps items one after the other, in several turns of the event loop if it takes long. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Result,
): Promise<Result[]> {
  const endTurn = turnTaker();
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    const pause = endTurn();
    if (pause !== undefined) await pause;
    results.push(map(item, index));
  }
  return results;
}
