import {
  claimDueTimers,
  type ClaimRequest,
  type ClaimResult,
  type Database,
  releaseClaims,
  listClaims,
  type RecordedClaim,
  rescueLostClaims,
  type RescueResult,
  registerDispatcher,
  removeExpiredDispatchers,
  renewDispatcher,
  settleDelivered,
  settleFailed,
  unregisterDispatcher,
} from '@timer-platform/database';
import { LEASE_MS } from './lease/lease.ts';
import type { SettleStatements } from './settle/settle-batcher.ts';

/** Everything a dispatcher does to the database. */
export interface DispatchStatements extends SettleStatements {
  readonly claim: (request: ClaimRequest) => Promise<ClaimResult>;
  readonly register: (id: string) => Promise<number>;
  readonly renew: (id: string) => Promise<number | undefined>;
  /** What the table says that this dispatcher holds. */
  readonly listClaims: (id: string) => Promise<RecordedClaim[]>;
  readonly unregister: (id: string) => Promise<void>;
  /** Declares silent dispatchers dead; answers how many. */
  readonly removeExpired: () => Promise<number>;
  /** Returns to pending what no registered dispatcher holds. */
  readonly rescue: () => Promise<RescueResult>;
}

/** A timer that lost this many dispatchers in a row is failed: it may be what kills them. */
const MAX_LOST_CLAIMS = 5;
/** A timer that the first timer service left executing is returned after this time, in milliseconds. */
const UNOWNED_MS = 5 * 60_000;

/** The statements of libs/database, for a dispatcher of this name. */
export function dispatchStatements(db: Database, name: string): DispatchStatements {
  return {
    claim: (request) => claimDueTimers(db, request),
    delivered: async (batch) => (await settleDelivered(db, batch)).size,
    failed: async (batch) => (await settleFailed(db, batch)).size,
    release: (batch) => releaseClaims(db, batch),
    register: (id) => registerDispatcher(db, id, name),
    renew: (id) => renewDispatcher(db, id),
    listClaims: (id) => listClaims(db, id),
    unregister: (id) => unregisterDispatcher(db, id),
    removeExpired: () => removeExpiredDispatchers(db, LEASE_MS),
    rescue: () => rescueLostClaims(db, { maxLostClaims: MAX_LOST_CLAIMS, unownedMs: UNOWNED_MS }),
  };
}
