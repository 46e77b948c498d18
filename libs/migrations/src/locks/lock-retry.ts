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

/** How long a statement may stand in the lock queue, where everybody else queues up behind it, and how often. */
export interface LockPolicy {
  /** lock_timeout of one try, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** All tries together, in milliseconds. */
  readonly patienceMs: number;
  /** In [0, 1): jitter between tries. */
  readonly random: () => number;
}

// eslint-disable-next-line no-restricted-syntax -- tests pass their own
export const DEFAULT_LOCK_POLICY: LockPolicy = {
  lockTimeoutMs: 300,
  patienceMs: 60_000,
  random: Math.random,
};

/** A try that was given up, and who stood in the way. */
export interface LockTry {
  readonly number: number;
  readonly lockTimeoutMs: number;
  /** That of the try after it. */
  readonly nextLockTimeoutMs: number;
  readonly blockers: readonly BlockingSession[];
}

/** True for an error that says: the lock was not to be had, try again. */
export function isLockFailure(error: unknown): boolean {
  const code = error instanceof MigrationError ? error.failure?.sqlState : asDatabaseError(error)?.code;
  return code === SQL_STATE.lockNotAvailable || code === SQL_STATE.deadlockDetected;
}

/** Every third try against a session that cannot be looked into, as it may be an autovacuum. */
const GUESS_EVERY = 3;
const pauseMs = { least: 150, spread: 450 };
/** Above deadlock_timeout, when PostgreSQL cancels an autovacuum that stands in the way; below it never does. */
const ABOVE_DEADLOCK_TIMEOUT_MS = 200;

/** The lock_timeout of the try after number `number`, which these sessions made fail. Pure. */
export function nextLockTimeout(
  policy: LockPolicy,
  number: number,
  blockers: readonly BlockingSession[],
  deadlockTimeoutMs: number,
): number {
  if (!blockers.some(mayBeAutovacuum)) return policy.lockTimeoutMs;
  const certain = blockers.some((blocker) => blocker.backend_type === 'autovacuum worker');
  const long = certain || number % GUESS_EVERY === 0;
  return long
    ? Math.max(policy.lockTimeoutMs, deadlockTimeoutMs + ABOVE_DEADLOCK_TIMEOUT_MS)
    : policy.lockTimeoutMs;
}

/**
 * Calls `attempt` with the lock_timeout to set, again and again until its locks are granted. Between tries everybody
 * who queued up behind us gets through.
 *
 * @throws MigrationError `lock-timeout`, naming the blocker, when the patience is used up.
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
  const started = performance.now();
  let nextLockTimeoutMs = policy.lockTimeoutMs;
  for (let number = 1; ; number++) {
    const lockTimeoutMs = nextLockTimeoutMs;
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
      if (performance.now() - started >= policy.patienceMs) {
        const who = blockers.map(describeSession).join('; ') || 'sessions that were gone when looked at';
        const vacuum = blockers.some(isWraparoundVacuum)
          ? ' A vacuum against transaction id wraparound never gives way: let it finish.'
          : '';
        throw new MigrationError(
          'lock-timeout',
          `gave up after ${number} tries in ${((performance.now() - started) / 1000).toFixed(0)} s to get a lock; in the way: ${who}.${vacuum} Nothing was changed; end that session or wait for it, then run again`,
          { cause: error },
        );
      }
    }
    await sleep(pauseMs.least + policy.random() * pauseMs.spread);
  }
}
