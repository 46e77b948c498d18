import {
  type JsonValue,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from '@timer-platform/callback-types';
import type { ClaimedRow, DecryptedCallback } from '@timer-platform/database';

/** A claimed row with its parsed callback. */
export interface ClaimedTimer {
  readonly row: ClaimedRow;
  readonly dueMs: number;
  readonly callback: StoredCallbackConfig;
  readonly destination: string;
}

export type ReadTimer =
  | { readonly kind: 'readable'; readonly timer: ClaimedTimer }
  /** The callback of the row can never be delivered. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Decrypts the stored headers of a callback. */
export type DecryptHeaders = (timerId: string, config: JsonValue) => DecryptedCallback;

/**
 * Parses the callback of a row: the only place where stored JSON becomes a typed callback. Headers that no key can
 * decrypt make it unreadable: without them an attempt could reach the receiver unauthenticated.
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
    const issues = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(' '));
    return { kind: 'unreadable', reason: `callback_config cannot be parsed: ${issues.join('; ')}` };
  }
  const callback = parsed.data;
  const timer = { row, dueMs: row.dueMs, callback, destination: destinationOf(callback) };
  return { kind: 'readable', timer };
}
