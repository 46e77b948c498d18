import { type StoredCallbackConfig, storedCallbackConfigSchema } from '@timer-platform/callback-types';
import type { ClaimedTimer } from '@timer-platform/database';

/** A claimed timer whose callback was read from its row. */
export interface HeldTimer {
  readonly claimed: ClaimedTimer;
  readonly dueMs: number;
  readonly callback: StoredCallbackConfig;
  readonly destination: string;
}

export type ReadTimer =
  | { readonly kind: 'held'; readonly timer: HeldTimer }
  /** The row does not hold a callback that could be delivered, now or later. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads the callback of a row: the one place where stored JSON becomes a typed callback. */
export function readTimer(
  claimed: ClaimedTimer,
  destinationOf: (callback: StoredCallbackConfig) => string,
): ReadTimer {
  const parsed = storedCallbackConfigSchema.safeParse(claimed.callbackConfig);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(' '));
    return { kind: 'unreadable', reason: `callback_config cannot be read: ${faults.join('; ')}` };
  }
  const callback = parsed.data;
  const timer = { claimed, dueMs: claimed.dueMs, callback, destination: destinationOf(callback) };
  return { kind: 'held', timer };
}
