import type { RescueResult } from '@timer-platform/database';
import type { Outcome } from '../transports/transport.ts';
import type { SettleStatements } from './settle/settle-batcher.ts';

/** Receives the events of a dispatcher, for logs and metrics. Called on the hot path: must be fast. */
export interface DispatchObserver {
  /** An attempt started this long after its due instant, in milliseconds. */
  started(lateMs: number): void;
  ended(outcome: Outcome, durationMs: number): void;
  claimed(timers: number): void;
  settled(kind: keyof SettleStatements, timers: number, lost: number): void;
  /** Timers were deferred because their destination is unavailable or too slow. */
  deferred(timers: number): void;
  rescued(result: RescueResult): void;
  /** The lease expired; the dispatcher acquires a new one under a new id. */
  leaseLost(): void;
  /** A statement failed and is retried. */
  databaseError(error: unknown): void;
  /** A transport rejected, which it must never do. */
  defect(error: unknown, timerId: string): void;
}
