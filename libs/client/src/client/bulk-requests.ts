import type {
  CancelTimersRequest,
  RescheduleTimersRequest,
  RetryTimersRequest,
  RunTimersRequest,
} from '@timer-platform/callback-types';
import type { CallOptions } from './options.ts';
import type { TimerRangeField } from './requests.ts';
import type { ScheduleRequest } from './schedule-requests.ts';

/** The fields of a change of many timers that say how it is made, not of which timers. */
export type BulkControls = 'limit' | 'dry_run';

/** Which pending timers to cancel: a timer must match all fields. */
export type BulkCancel = ScheduleRequest<CancelTimersRequest, TimerRangeField, BulkControls>;

/** Which pending timers to make due now. */
export type BulkRun = ScheduleRequest<RunTimersRequest, TimerRangeField, BulkControls>;

/** Which pending timers to move, and where: `execute_at`, `delay` or `shift`. */
export type BulkReschedule = ScheduleRequest<
  RescheduleTimersRequest,
  TimerRangeField | 'execute_at',
  BulkControls
>;

/** Which failed timers to retry; without a filter all of them. */
export type BulkRetry = ScheduleRequest<
  RetryTimersRequest,
  TimerRangeField | 'failed_from' | 'failed_before',
  BulkControls
>;

/** The request of each change of many timers. */
export interface BulkRequests {
  readonly cancel: BulkCancel;
  readonly run: BulkRun;
  readonly reschedule: BulkReschedule;
  readonly retry: BulkRetry;
}

/** How far a change of many timers has come: sums of the responses so far. */
export interface BulkProgress {
  readonly matched: number;
  readonly changed: number;
  readonly skipped: number;
}

/** The limits hold for each request. */
export interface BulkOptions extends CallOptions {
  /** Called after each response; what it throws ends the call. */
  readonly onProgress?: ((progress: BulkProgress) => void) | undefined;
}

/** What a change of many timers has done, over all its requests. */
export interface BulkSummary extends BulkProgress {
  /** Whether more timers match: only in a dry run, which counts up to 100,000. */
  readonly more: boolean;
  /** The action in the audit log; null if nothing was changed. */
  readonly action_id: string | null;
}
