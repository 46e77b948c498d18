/** Sleep that can be cut short. To be woken costs next to nothing, however often it happens. */
export class InterruptibleSleep {
  #woken = false;
  #end: (() => void) | undefined;

  /** Resolves after this many milliseconds or when woken; at once when it was woken since the last sleep. */
  sleep(ms: number): Promise<void> {
    if (this.#woken) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timeout = setTimeout(() => {
        this.#end?.();
      }, ms);
      this.#end = () => {
        clearTimeout(timeout);
        this.#end = undefined;
        resolve();
      };
    });
  }

  wake(): void {
    if (this.#end === undefined) this.#woken = true;
    else this.#end();
  }
}
