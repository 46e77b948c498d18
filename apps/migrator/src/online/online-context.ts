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
import type { VerificationResult } from './verification-result.ts';

/** What happens on the way; the commands print it. */
export type OnlineEvent =
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'phase'; readonly phase: OnlinePhase }
  | { readonly kind: 'batch'; readonly done: number; readonly total: number; readonly rowsPerSecond: number }
  | { readonly kind: 'blocked'; readonly step: string; readonly failed: LockTry }
  | { readonly kind: 'evidence'; readonly evidence: VerificationResult };

/** What every step of the online migration works with. */
export interface OnlineContext {
  readonly session: MigrationSession;
  readonly watch: BlockerWatch;
  readonly policy: LockPolicy;
  readonly throttle: BatchThrottle;
  /** 002_add_callback_types.sql: its checksum is recorded, its comments are used. */
  readonly file: MigrationFile;
  /** Aborted by Ctrl-C: the step ends after the batch under way. */
  readonly signal: AbortSignal;
  readonly report: (event: OnlineEvent) => void;
}

/** What a step needs to take locks without holding others up. */
export type LockContext = Pick<OnlineContext, 'session' | 'watch' | 'policy' | 'report'>;

/** One transaction with a short lock_timeout, tried again until its locks are granted. */
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
