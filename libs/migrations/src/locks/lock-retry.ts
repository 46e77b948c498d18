import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { MigrationError } from '../migration-error.ts';
import type { MigrationSession } from '../migration-session.ts';
import { queryRow } from '../query-rows.ts';
import { asDatabaseError, SQL_STATE } from '../server-error.ts';
import {
  type BlockerWatch,
  type BlockingSession,
  describeSession,
  isWraparoundVacuum,
  mayBeAutovacuum,
} from './blocking-sessions.ts';

/** Limits how long a statement waits in a lock queue, where it blocks the sessions behind it, and for how long it retries. */
export interface LockPolicy {
  /** `lock_timeout` of one try, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** Time limit of the waits for locks and the pauses of all tries together, in milliseconds. */
  readonly patienceMs: number;
  /** In [0, 1): jitter between tries. */
  readonly random: () => number;
}

export const DEFAULT_LOCK_POLICY: LockPolicy = {
  lockTimeoutMs: 300,
  patienceMs: 60_000,
  // eslint-disable-next-line no-restricted-syntax -- tests pass their own
  random: Math.random,
};

/** A try that got no lock, and the sessions that blocked it. */
export interface LockTry {
  readonly number: number;
  readonly lockTimeoutMs: number;
  /** `lock_timeout` of the next try. */
  readonly nextLockTimeoutMs: number;
  readonly blockers: readonly BlockingSession[];
}

/** True for a lock timeout or a deadlock: both are worth a retry. */
export function isLockFailure(error: unknown): boolean {
  const code = error instanceof MigrationError ? error.failure?.sqlState : asDatabaseError(error)?.code;
  return code === SQL_STATE.lockNotAvailable || code === SQL_STATE.deadlockDetected;
}

/** Every third try against a session of unknown type is a long one, as it may be an autovacuum. */
const LONG_TRY_EVERY = 3;
const pauseMs = { min: 150, jitter: 450 };
/** PostgreSQL cancels a blocking autovacuum once the wait exceeds deadlock_timeout, never before. */
const ABOVE_DEADLOCK_TIMEOUT_MS = 200;

/** The `lock_timeout` of the try after number `number`, which these sessions blocked. Pure. */
export function nextLockTimeout(
  policy: LockPolicy,
  number: number,
  blockers: readonly BlockingSession[],
  deadlockTimeoutMs: number,
): number {
  if (!blockers.some(mayBeAutovacuum)) return policy.lockTimeoutMs;
  const isAutovacuum = blockers.some((blocker) => blocker.backend_type === 'autovacuum worker');
  const long = isAutovacuum || number % LONG_TRY_EVERY === 0;
  return long
    ? Math.max(policy.lockTimeoutMs, deadlockTimeoutMs + ABOVE_DEADLOCK_TIMEOUT_MS)
    : policy.lockTimeoutMs;
}

/**
 * Calls `attempt` with the `lock_timeout` to set, until its locks are granted. The pause between tries lets the sessions
 * that queued behind it run.
 *
 * @throws MigrationError `lock-timeout`, naming the blockers, when `patienceMs` is exceeded
 */
export async function withLockRetry<T>(
  session: MigrationSession,
  watch: BlockerWatch,
  policy: LockPolicy,
  attempt: (lockTimeoutMs: number) => Promise<T>,
  onTry: (failed: LockTry) => void,
): Promise<T> {
  const backend = await queryRow(
    session.client,
    z.object({ pid: z.number(), deadlock_timeout: z.number() }),
    "SELECT pg_backend_pid() AS pid, setting::float8 AS deadlock_timeout FROM pg_settings WHERE name = 'deadlock_timeout'",
  );
  let waitedMs = 0;
  let nextLockTimeoutMs = policy.lockTimeoutMs;
  for (let number = 1; ; number++) {
    const lockTimeoutMs = nextLockTimeoutMs;
    const startedAt = performance.now();
    let blockers: BlockingSession[] = [];
    try {
      return await watch.during(
        backend.pid,
        () => attempt(lockTimeoutMs),
        (seen) => {
          blockers = seen;
        },
      );
    } catch (error) {
      if (!isLockFailure(error)) throw error;
      nextLockTimeoutMs = nextLockTimeout(policy, number, blockers, backend.deadlock_timeout);
      onTry({ number, lockTimeoutMs, nextLockTimeoutMs, blockers });
      // What the attempt did before it needed the lock is no wait: a file may read a large table first.
      waitedMs += Math.min(performance.now() - startedAt, lockTimeoutMs);
      if (waitedMs >= policy.patienceMs) {
        const who = blockers.map(describeSession).join('; ') || 'sessions that have ended since';
        const vacuum = blockers.some(isWraparoundVacuum)
          ? ' A vacuum to prevent wraparound is never canceled: let it finish.'
          : '';
        throw new MigrationError(
          'lock-timeout',
          `got no lock in ${number} tries within ${(waitedMs / 1000).toFixed(0)} s; blocked by: ${who}.${vacuum} This step changed nothing; end that session or wait for it, then run again`,
          { cause: error },
        );
      }
    }
    const pause = pauseMs.min + policy.random() * pauseMs.jitter;
    await sleep(pause);
    waitedMs += pause;
  }
}
