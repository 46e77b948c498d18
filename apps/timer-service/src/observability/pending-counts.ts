/**
 * Events that a Prometheus counter does not have yet: it gets them when the metrics are rendered. Calling prom-client for
 * every event of the hot path would cost a few percent of the CPU time under load, because it hashes the labels each time.
 */
export class PendingCounts<Label extends string> {
  #counts = new Map<Label, number>();

  add(label: Label): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  }

  /** Returns the counts since the last call. */
  takeAll(): ReadonlyMap<Label, number> {
    const counts = this.#counts;
    this.#counts = new Map();
    return counts;
  }
}
