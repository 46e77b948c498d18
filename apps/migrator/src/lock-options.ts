import { defaultLockPolicy } from '@timer-platform/migrations';
import type { LockPolicy } from '@timer-platform/migrations';

/** As given on the command line. */
export interface LockOptions {
  /** Milliseconds. */
  readonly lockTimeoutMs?: number | undefined;
  /** Seconds. */
  readonly lockPatience?: number | undefined;
}

export function lockPolicyOf(options: LockOptions): LockPolicy {
  return {
    ...defaultLockPolicy,
    tryMs: options.lockTimeoutMs ?? defaultLockPolicy.tryMs,
    patienceMs:
      options.lockPatience === undefined ? defaultLockPolicy.patienceMs : options.lockPatience * 1000,
  };
}
