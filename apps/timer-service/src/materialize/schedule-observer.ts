import type { ScheduleDecision, WrittenDecision } from '@timer-platform/database';

/** Receives the events of a materializer, for logs and metrics. */
export interface ScheduleObserver {
  /** Decisions about schedules were written. */
  decided(decisions: readonly ScheduleDecision[], written: readonly WrittenDecision[]): void;
  /** Decisions had no effect, because another dispatcher or a change of the schedule was earlier. */
  lost(schedules: number): void;
  /** A schedule was paused without a request. */
  paused(scheduleId: string, reason: 'failures' | 'unreadable', note: string): void;
  /** Schedules were postponed: this process cannot decrypt their headers. */
  postponed(schedules: number, problem: string): void;
  /** Schedules are planned anew with the time zone data of this process. */
  replanned(schedules: number): void;
  /** A statement failed; the next pass repeats it. */
  databaseError(error: unknown): void;
}
