import { DEFAULT_LOCK_POLICY, type LockPolicy } from '@timer-platform/migrations';

/** As given on the command line. */
export interface LockOptions {
  /** Milliseconds. */
  readonly lockTimeoutMs?: number | undefined;
  /** Seconds. */
  readonly lockPatience?: number | undefined;
}

export function lockPolicyOf(options: LockOptions): LockPolicy {
  return {
    ...DEFAULT_LOCK_POLICY,
    lockTimeoutMs: options.lockTimeoutMs ?? DEFAULT_LOCK_POLICY.lockTimeoutMs,
    patienceMs:
      options.lockPatience === undefined ? DEFAULT_LOCK_POLICY.patienceMs : options.lockPatience * 1000,
  };
}
