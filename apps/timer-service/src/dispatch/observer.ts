import type { RescueResult } from '@timer-platform/database';
import type { Outcome } from '../transports/transport.ts';
import type { SettleStatements } from './settle/settle-batcher.ts';

/** What a dispatcher tells of its work; logs and metrics listen. Called on the hot path: must be quick. */
export interface DispatchObserver {
  /** An attempt started this long after its due instant, in milliseconds. */
  started(lateMs: number): void;
  ended(outcome: Outcome, durationMs: number): void;
  claimed(timers: number): void;
  settled(kind: keyof SettleStatements, timers: number, lost: number): void;
  /** A timer went back to the table, because its destination is away or too slow. */
  deferred(timers: number): void;
  rescued(recovered: RescueResult): void;
  /** This dispatcher was taken for dead and has registered anew. */
  leaseLost(): void;
  /** A statement failed; it is tried again. */
  databaseError(error: unknown): void;
  /** A defect: something threw that must not. */
  defect(error: unknown, timerId: string): void;
}
