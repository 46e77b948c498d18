import {
  type JsonValue,
  type RetryPolicy,
  retryPolicySchema,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from '@timer-platform/callback-types';
import type { ClaimedRow, DecryptedCallback } from '@timer-platform/database';
import type { z } from 'zod';
import type { Destination } from '../transports/transport.ts';
import type { Lease } from './lease/lease.ts';

/** A claimed row, parsed. */
export interface ClaimedTimer {
  readonly row: ClaimedRow;
  /** The lease that it was claimed under. */
  readonly lease: Lease;
  /** The attempt must not start earlier. Finite, unlike that of the row. */
  readonly dueMs: number;
  /** When it was first due. Finite, and not after `dueMs`. */
  readonly dueSinceMs: number;
  readonly callback: StoredCallbackConfig;
  readonly destination: Destination;
  readonly bytes: number;
  readonly retry: RetryPolicy | null;
  /** See {@link Delivery.messageId}. */
  readonly messageId: string;
}

export type ReadTimer =
  | { readonly kind: 'readable'; readonly timer: ClaimedTimer }
  /** The row can never be delivered. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Decrypts the stored headers of a callback. */
export type DecryptHeaders = (timerId: string, config: JsonValue) => DecryptedCallback;

export interface ReadContext {
  readonly lease: Lease;
  readonly decryptHeaders: DecryptHeaders;
  readonly destinationOf: (callback: StoredCallbackConfig) => Destination;
  /** The database's clock, in milliseconds since 1970. */
  readonly nowMs: number;
}

function unreadable(column: string, { issues }: z.ZodError): ReadTimer {
  const texts = issues.map((issue) => [...issue.path, issue.message].join(' '));
  return { kind: 'unreadable', reason: `${column} cannot be parsed: ${texts.join('; ')}` };
}

/** The first message of a timer has its id, as in earlier versions. A changed one must not look like a repetition. */
function messageIdOf({ id, revision }: ClaimedRow): string {
  return revision === 0 ? id : `${id}-${revision}`;
}

/**
 * Parses a row, which may have been written by SQL: the only place where stored JSON becomes a typed callback. Headers
 * that no key can decrypt make it unreadable: without them an attempt could reach the receiver unauthenticated.
 */
export function readTimer(row: ClaimedRow, context: ReadContext): ReadTimer {
  const { lease, decryptHeaders, destinationOf, nowMs } = context;
  const decrypted = decryptHeaders(row.id, row.callbackConfig);
  if (!decrypted.ok) return { kind: 'unreadable', reason: decrypted.reason };
  const callback = storedCallbackConfigSchema.safeParse(decrypted.config);
  if (!callback.success) return unreadable('callback_config', callback.error);
  const retry = row.retry === null ? null : retryPolicySchema.safeParse(row.retry);
  if (retry?.success === false) return unreadable('retry', retry.error);
  const dueMs = Number.isFinite(row.dueMs) ? row.dueMs : nowMs;
  const timer = {
    row,
    lease,
    dueMs,
    dueSinceMs: Number.isFinite(row.dueSinceMs) ? Math.min(row.dueSinceMs, dueMs) : dueMs,
    callback: callback.data,
    destination: destinationOf(callback.data),
    bytes: row.bytes,
    retry: retry?.data ?? null,
    messageId: messageIdOf(row),
  };
  return { kind: 'readable', timer };
}
