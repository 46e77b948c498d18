import type { ValidationIssue } from '@timer-platform/callback-types';

/** Maximum number of issues in a response: a hostile batch can have tens of thousands. */
const MAX_ISSUES = 100;

/** Collects issues for one response: keeps the first 100 and counts the others, which cost nothing. */
export class IssueList {
  readonly issues: ValidationIssue[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** @param describe is called only for an issue that is kept */
  add(describe: () => ValidationIssue): void {
    this.#total += 1;
    if (this.issues.length < MAX_ISSUES) this.issues.push(describe());
  }
}
