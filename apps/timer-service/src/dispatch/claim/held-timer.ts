import {
  type JsonValue,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from '@timer-platform/callback-types';
import type { ClaimedTimer, DecryptedCallback } from '@timer-platform/database';

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

/** Turns the stored headers of a callback into those that were given. */
export type DecryptHeaders = (timerId: string, config: JsonValue) => DecryptedCallback;

/**
 * Reads the callback of a row: the one place where stored JSON becomes a typed callback. Headers that no key opens make
 * it unreadable at once: attempts without them would reach the receiver as somebody else's.
 */
export function readTimer(
  claimed: ClaimedTimer,
  decryptHeaders: DecryptHeaders,
  destinationOf: (callback: StoredCallbackConfig) => string,
): ReadTimer {
  const decrypted = decryptHeaders(claimed.id, claimed.callbackConfig);
  if (!decrypted.ok) return { kind: 'unreadable', reason: decrypted.reason };
  const parsed = storedCallbackConfigSchema.safeParse(decrypted.config);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(' '));
    return { kind: 'unreadable', reason: `callback_config cannot be read: ${faults.join('; ')}` };
  }
  const callback = parsed.data;
  const timer = { claimed, dueMs: claimed.dueMs, callback, destination: destinationOf(callback) };
  return { kind: 'held', timer };
}
