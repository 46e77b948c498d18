/** A sleep that `wake` ends early. Calls of `wake` are cheap, so callers need not limit them. */
export class InterruptibleSleep {
  #woken = false;
  #end: (() => void) | undefined;

  /** Resolves after `ms` milliseconds or on `wake`; at once if `wake` was called since the last sleep. */
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
