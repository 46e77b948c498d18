/**
 * `handled`: the callback was handled now. `duplicate`: it was handled before. `in progress`: another call is handling it.
 */
export type DedupResult = 'handled' | 'duplicate' | 'in progress';

/**
 * Remembers which callbacks were handled. Delivery is at least once; with a store whose memory and effects commit
 * together, handling is exactly once.
 */
export interface DedupStore<Transaction = undefined> {
  /**
   * Calls `handle` unless the callback with this id was handled or is being handled, without waiting for that. Remembers
   * the id if, and only if, `handle` resolves.
   *
   * @param id of the message; a timer that was changed after an attempt has another one
   * @param handle gets the transaction in which the id is remembered, if the store has one
   * @throws what `handle` throws; then the next call with this id calls it again
   */
  once(id: string, handle: (transaction: Transaction) => Promise<void>): Promise<DedupResult>;
}
