import {
  type BlockerWatch,
  type LockPolicy,
  type LockTry,
  type MigrationFile,
  type MigrationSession,
  type OnlinePhase,
  withLockRetry,
} from '@timer-platform/migrations';
import type { BatchThrottle } from './batch-throttle.ts';
import type { ReplicaThrottle } from './replica-lag.ts';
import type { VerificationResult } from './verification-result.ts';

/** Progress of the online migration; the commands print it. */
export type OnlineEvent =
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'phase'; readonly phase: OnlinePhase }
  | { readonly kind: 'batch'; readonly done: number; readonly total: number; readonly rowsPerSecond: number }
  | { readonly kind: 'blocked'; readonly step: string; readonly failed: LockTry }
  | { readonly kind: 'verification'; readonly result: VerificationResult };

/** Dependencies of every step of the online migration. */
export interface OnlineContext {
  readonly session: MigrationSession;
  readonly watch: BlockerWatch;
  readonly policy: LockPolicy;
  readonly throttle: BatchThrottle;
  readonly replicas: ReplicaThrottle;
  /** 002_add_callback_types.sql, for its checksum and its COMMENT statements. */
  readonly file: MigrationFile;
  /** Aborted by Ctrl-C: the step stops after the current batch. */
  readonly signal: AbortSignal;
  readonly report: (event: OnlineEvent) => void;
}

/** Dependencies of {@link inShortTransaction}. */
export type LockContext = Pick<OnlineContext, 'session' | 'watch' | 'policy' | 'report'>;

/** Runs `work` in a transaction with a short lock_timeout, retried until its locks are granted. */
export async function inShortTransaction<T>(
  context: LockContext,
  step: string,
  work: () => Promise<T>,
): Promise<T> {
  const { client } = context.session;
  return withLockRetry(
    context.session,
    context.watch,
    context.policy,
    async (lockTimeoutMs) => {
      await client.query('BEGIN');
      try {
        await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
        const result = await work();
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    },
    (failed) => {
      context.report({ kind: 'blocked', step, failed });
    },
  );
}
