import type { ClaimedRow } from '@timer-platform/database';
import type { ClaimedTimer } from '../claimed-timer.ts';
import { Lease } from '../lease/lease.ts';

/** A row as a claim returns it: due at 0, claimed as a recent timer, for a receiver over HTTP. */
export function claimedRow(more: Partial<ClaimedRow> = {}): ClaimedRow {
  return {
    id: 'timer',
    batchId: 'batch',
    fencingToken: 1,
    range: 'recent',
    dueMs: 0,
    dueSinceMs: null,
    expiresAtMs: null,
    attempts: 0,
    attemptNumber: 1,
    retry: null,
    retryFromMs: null,
    revision: 0,
    bytes: 100,
    callbackConfig: '{"type":"http","url":"http://receiver.test/"}',
    payload: null,
    ...more,
  };
}

/** A lease that is valid for some seconds from the monotonic instant 0. */
export function validLease(): Lease {
  const lease = new Lease();
  lease.renewed(0);
  return lease;
}

export function claimedTimer(row: Partial<ClaimedRow>, more: Partial<ClaimedTimer> = {}): ClaimedTimer {
  const whole = claimedRow(row);
  return {
    ...whole,
    lease: validLease(),
    dueSinceMs: whole.dueSinceMs ?? whole.dueMs,
    retryFromMs: whole.retryFromMs ?? whole.dueMs,
    callback: { type: 'http', url: 'http://receiver.test/', headers: {}, payload: null },
    destination: {
      name: 'http://receiver.test',
      endpoint: 'http://receiver.test',
      route: 'http://receiver.test',
    },
    retry: null,
    messageId: whole.id,
    ...more,
  };
}
