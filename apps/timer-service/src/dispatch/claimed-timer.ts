import {
  type RetryPolicy,
  retryPolicySchema,
  type StoredCallbackConfig,
} from '@timer-platform/callback-types';
import type { ClaimedRow } from '@timer-platform/database';
import type { Destination } from '../transports/transport.ts';
import type { Lease } from './lease/lease.ts';
import { type CallbackReader, describeIssues } from './stored-callback.ts';

/**
 * A claimed row, parsed. It does not keep the row: the text of the callback alone would be a quarter of what a timer takes in
 * memory.
 */
export interface ClaimedTimer extends Pick<
  ClaimedRow,
  | 'id'
  | 'batchId'
  | 'fencingToken'
  | 'range'
  | 'expiresAtMs'
  | 'attempts'
  | 'attemptNumber'
  | 'bytes'
  | 'payload'
> {
  /** The lease that it was claimed under. */
  readonly lease: Lease;
  /** The attempt must not start earlier. Finite, unlike that of the row. */
  readonly dueMs: number;
  /** When it was first due. Finite, and not after `dueMs`. */
  readonly dueSinceMs: number;
  readonly callback: StoredCallbackConfig;
  readonly destination: Destination;
  readonly retry: RetryPolicy | null;
  /** When attempts last began to count; can be infinite. */
  readonly retryFromMs: number;
  /** See {@link Delivery.messageId}. */
  readonly messageId: string;
}

export type ReadTimer =
  | { readonly kind: 'readable'; readonly timer: ClaimedTimer }
  /** The row can never be delivered. */
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface ReadContext {
  readonly lease: Lease;
  readonly readCallback: CallbackReader;
  /** The database's clock, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** The first message of a timer has its id, as in earlier versions. A changed one must not look like a repetition. */
function messageIdOf({ id, revision }: ClaimedRow): string {
  return revision === 0 ? id : `${id}-${revision}`;
}

/** Parses a row, which may have been written by SQL. */
export function readTimer(row: ClaimedRow, { lease, readCallback, nowMs }: ReadContext): ReadTimer {
  const read = readCallback(row);
  if (read.kind === 'unreadable') return read;
  const retry = row.retry === null ? null : retryPolicySchema.safeParse(row.retry);
  if (retry?.success === false) return { kind: 'unreadable', reason: describeIssues('retry', retry.error) };
  const dueMs = Number.isFinite(row.dueMs) ? row.dueMs : nowMs;
  const { dueSinceMs } = row;
  const timer = {
    id: row.id,
    batchId: row.batchId,
    fencingToken: row.fencingToken,
    range: row.range,
    lease,
    dueMs,
    dueSinceMs: dueSinceMs !== null && Number.isFinite(dueSinceMs) ? Math.min(dueSinceMs, dueMs) : dueMs,
    expiresAtMs: row.expiresAtMs,
    attempts: row.attempts,
    attemptNumber: row.attemptNumber,
    callback: read.callback,
    payload: row.payload,
    destination: read.destination,
    bytes: row.bytes,
    retry: retry?.data ?? null,
    retryFromMs: row.retryFromMs ?? row.dueMs,
    messageId: messageIdOf(row),
  };
  return { kind: 'readable', timer };
}
