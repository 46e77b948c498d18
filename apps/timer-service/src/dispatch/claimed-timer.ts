import {
  type JsonValue,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from '@timer-platform/callback-types';
import type { ClaimedRow, DecryptedCallback } from '@timer-platform/database';

/** A row timer whose callback was read from its row. */
export interface ClaimedTimer {
  readonly row: ClaimedRow;
  readonly dueMs: number;
  readonly callback: StoredCallbackConfig;
  readonly destination: string;
}

export type ReadTimer =
  | { readonly kind: 'readable'; readonly timer: ClaimedTimer }
  /** The row does not hold a callback that could be delivered, now or later. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Turns the stored headers of a callback into those that were given. */
export type DecryptHeaders = (timerId: string, config: JsonValue) => DecryptedCallback;

/**
 * Reads the callback of a row: the one place where stored JSON becomes a typed callback. Headers that no key opens make
 * it unreadable at once: attempts without them would reach the receiver as somebody else's.
 */
export function readTimer(
  row: ClaimedRow,
  decryptHeaders: DecryptHeaders,
  destinationOf: (callback: StoredCallbackConfig) => string,
): ReadTimer {
  const decrypted = decryptHeaders(row.id, row.callbackConfig);
  if (!decrypted.ok) return { kind: 'unreadable', reason: decrypted.reason };
  const parsed = storedCallbackConfigSchema.safeParse(decrypted.config);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(' '));
    return { kind: 'unreadable', reason: `callback_config cannot be read: ${faults.join('; ')}` };
  }
  const callback = parsed.data;
  const timer = { row, dueMs: row.dueMs, callback, destination: destinationOf(callback) };
  return { kind: 'readable', timer };
}
