import type { CallbackType } from '@timer-platform/callback-types';
import type { RescueResult } from '@timer-platform/database';
import type { Outcome } from '../transports/transport.ts';
import type { SettleKind } from './settle/settle-batcher.ts';

interface EndedTimer {
  readonly id: string;
  /** null: the callback could not be read. */
  readonly callbackType: CallbackType | null;
  /** The name of its destination; null: the callback could not be read. */
  readonly destination: string | null;
  /** Attempts that counted, this one included. */
  readonly attempts: number;
  /** How late the attempt started, in milliseconds; null: there was none. */
  readonly latenessMs: number | null;
  /** By the database's clock, in milliseconds since 1970. */
  readonly finishedMs: number;
}

/** A timer that has reached its final status. */
export interface FinishedTimer extends EndedTimer {
  readonly status: 'completed' | 'failed';
  /** Why it failed; null: it was delivered. */
  readonly error: string | null;
}

/** A timer whose attempt failed, and which is retried. */
export interface RetriedTimer extends EndedTimer {
  readonly status: 'retried';
  readonly error: string;
}

/** Receives the events of a dispatcher, for logs and metrics. Called on the hot path: must be fast. */
export interface DispatchObserver {
  /** An attempt started this long after its timer was first due, in milliseconds. */
  started(lateMs: number): void;
  /** @param destination its name */
  ended(outcome: Outcome, durationMs: number, destination: string): void;
  finished(timer: FinishedTimer): void;
  retried(timer: RetriedTimer): void;
  claimed(timers: number): void;
  settled(kind: SettleKind, timers: number, lost: number): void;
  /** Timers were deferred because their destination is unavailable or too slow. */
  deferred(timers: number): void;
  rescued(result: RescueResult): void;
  /** Claims of this dispatcher that it did not know were released: the result of a statement was lost. */
  orphansReleased(timers: number): void;
  /** The lease was lost; the dispatcher acquires a new one under a new id. */
  leaseLost(): void;
  /** A statement failed and is retried. */
  databaseError(error: unknown): void;
  /** Code that must never throw did. */
  defect(error: unknown, timerId: string): void;
}
