import type { TimerState } from '@timer-platform/callback-types';

/** What `withdraw_occurrences` did to the occurrences of a schedule. At most 1,000 are named each. */
export interface Withdrawal {
  /** Ids of canceled ones. */
  readonly withdrawn: readonly string[];
  readonly withdrawn_count: number;
  /** Unfinished ones that are left. Their `scheduled_for` is as PostgreSQL prints it in JSON. */
  readonly running: readonly {
    readonly id: string;
    readonly status: TimerState;
    readonly scheduled_for: string;
  }[];
  readonly running_count: number;
}

/** Nothing was withdrawn, and nothing looked for. */
export const NO_WITHDRAWAL: Withdrawal = { withdrawn: [], withdrawn_count: 0, running: [], running_count: 0 };
