/** What happens to an occurrence that is due while the one before it is unfinished. */
export const OVERLAPS = ['allow', 'skip', 'buffer_one', 'cancel_previous'] as const;
/** What happens to an occurrence that is due while the one before it is unfinished. */
export type Overlap = (typeof OVERLAPS)[number];

/** Which of the occurrences that were missed while no service ran are created afterwards. */
export const CATCH_UPS = ['none', 'latest', 'all'] as const;
/** Which of the occurrences that were missed while no service ran are created afterwards. */
export type CatchUp = (typeof CATCH_UPS)[number];

/** Why a schedule is paused: by a client, after failures in a row, or because the service cannot read it. */
export const PAUSE_REASONS = ['requested', 'failures', 'unreadable'] as const;
/** Why a schedule is paused. */
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** Why occurrences were skipped. */
export const SKIP_REASONS = ['missed', 'outside_catch_up_window', 'overlap', 'paused'] as const;
/** Why occurrences were skipped. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** What absent fields of `PUT /schedules/:key` mean. */
export const SCHEDULE_DEFAULTS = {
  time_zone: 'UTC',
  phase: '0s',
  jitter: '0s',
  overlap: 'allow',
  catch_up: 'latest',
  catch_up_window: '1d',
  catch_up_spacing: '100ms',
} as const;
