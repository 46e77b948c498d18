/** Wakes whoever waits for a condition when something has happened. */
export class Activity {
  #waiting: (() => void)[] = [];

  /** Something has happened. */
  signal(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves at the next signal with true, or after this much real time with false. */
  next(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timeout = setTimeout(() => {
        resolve(false);
      }, withinMs);
      this.#waiting.push(() => {
        clearTimeout(timeout);
        resolve(true);
      });
    });
  }
}
