import {
  acquireLease,
  claimDueTimers,
  type ClaimRequest,
  type ClaimResult,
  type Database,
  giveUpLease,
  listClaims,
  releaseClaims,
  removeExpiredLeases,
  renewLease,
  rescueLostClaims,
  settleDelivered,
  settleFailed,
} from '@timer-platform/database';
import { LEASE_MS } from './lease/lease.ts';
import type { RescueStatements } from './lease/rescuer.ts';
import type { SettleStatements } from './settle/settle-batcher.ts';

/** Every database statement of a dispatcher. */
export interface DispatchStatements extends SettleStatements, RescueStatements {
  readonly claim: (request: ClaimRequest) => Promise<ClaimResult>;
  readonly acquireLease: (id: string) => Promise<number>;
  readonly renewLease: (id: string) => Promise<number | undefined>;
  readonly giveUpLease: (id: string) => Promise<void>;
}

/** A timer fails after it has lost this many dispatchers in a row: it may be what crashes them. */
const MAX_LOST_CLAIMS = 5;
/** A timer that the first service left executing is rescued after this time, in milliseconds. */
const UNOWNED_MS = 5 * 60_000;

/** Binds the statements to a database. `name` identifies the process in the dispatchers table. */
export function dispatchStatements(db: Database, name: string): DispatchStatements {
  return {
    claim: (request) => claimDueTimers(db, request),
    delivered: async (batch) => (await settleDelivered(db, batch)).size,
    failed: async (batch) => (await settleFailed(db, batch)).size,
    release: (batch) => releaseClaims(db, batch),
    acquireLease: (id) => acquireLease(db, id, name),
    renewLease: (id) => renewLease(db, id),
    listClaims: (id) => listClaims(db, id),
    giveUpLease: (id) => giveUpLease(db, id),
    removeExpired: () => removeExpiredLeases(db, LEASE_MS),
    rescue: () => rescueLostClaims(db, { maxLostClaims: MAX_LOST_CLAIMS, unownedMs: UNOWNED_MS }),
  };
}
