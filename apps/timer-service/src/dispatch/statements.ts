import {
  claimDueTimers,
  type ClaimRequest,
  type ClaimResult,
  type Database,
  listClaims,
  registerDispatcher,
  releaseClaims,
  removeExpiredDispatchers,
  renewDispatcher,
  rescueLostClaims,
  settleDelivered,
  settleFailed,
  unregisterDispatcher,
} from '@timer-platform/database';
import { LEASE_MS } from './lease/lease.ts';
import type { RescueStatements } from './lease/rescuer.ts';
import type { SettleStatements } from './settle/settle-batcher.ts';

/** Everything a dispatcher does to the database. */
export interface DispatchStatements extends SettleStatements, RescueStatements {
  readonly claim: (request: ClaimRequest) => Promise<ClaimResult>;
  readonly register: (id: string) => Promise<number>;
  readonly renew: (id: string) => Promise<number | undefined>;
  readonly unregister: (id: string) => Promise<void>;
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
