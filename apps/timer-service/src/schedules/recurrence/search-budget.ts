/**
 * Limits the work of one search for the next occurrence, in checks of exclusions: exclusions that leave nearly nothing
 * could keep the process busy for minutes.
 */
export class SearchBudget {
  #left: number;

  constructor(checks: number) {
    this.#left = checks;
  }

  /** Uses checks; false if none are left. */
  spend(checks: number): boolean {
    this.#left -= checks;
    return this.#left >= 0;
  }
}
