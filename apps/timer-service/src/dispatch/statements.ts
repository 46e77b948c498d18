import {
  acquireLease,
  claimDueSuspects,
  claimDueTimers,
  type Database,
  expireLeases,
  findDestinationsToReturn,
  finishBatches,
  giveUpLease,
  listBatches,
  readOperatorSettings,
  releaseBatches,
  releaseClaims,
  renewLease,
  rescueLostClaims,
  type RescueRules,
  returnParkedTimers,
  settleDelivered,
  settleFailed,
  shrinkBatches,
} from '@timer-platform/database';
import type { BatchStatements } from './claim/batch-keeper.ts';
import type { ClaimStatements } from './claim/claimer.ts';
import type { ParkedStatements } from './deliver/parked-timers.ts';
import type { SettingsStatements } from './deliver/settings-watch.ts';
import type { LeaseStatements } from './lease/lease-keeper.ts';
import type { RescueStatements } from './lease/rescuer.ts';
import type { SettleStatements } from './settle/settle-batcher.ts';

/** Every database statement of a dispatcher. */
export interface DispatchStatements
  extends
    ClaimStatements,
    BatchStatements,
    SettleStatements,
    LeaseStatements,
    RescueStatements,
    SettingsStatements,
    ParkedStatements {}

const RESCUE_RULES: RescueRules = {
  // A timer that is claimed alone and lost three times is what crashes its dispatchers.
  maxLostClaims: 5,
  suspectDelayMs: 1_000,
  unownedMs: 5 * 60_000,
};

export interface DispatchDatabases {
  readonly dispatch: Database;
  /** For the lease alone: its statements wait for no others and give up after a few seconds. */
  readonly heartbeats: Database;
  /** What operators see and set: gives up after a few seconds as well. */
  readonly operations: Database;
}

/**
 * Binds the statements to databases.
 *
 * @param name identifies the process in the dispatchers table
 */
export function dispatchStatements(
  { dispatch: db, heartbeats, operations }: DispatchDatabases,
  name: string,
): DispatchStatements {
  return {
    claim: (request) => claimDueTimers(db, request),
    claimSuspects: (leaseId) => claimDueSuspects(db, leaseId),
    finishBatches: (leaseId, batchIds) => finishBatches(db, leaseId, batchIds),
    shrinkBatches: (leaseId, batches) => shrinkBatches(db, leaseId, batches),
    listBatches: (leaseId) => listBatches(db, leaseId),
    releaseBatches: (leaseId, batchIds) => releaseBatches(db, leaseId, batchIds),
    delivered: (leaseId, batch) => settleDelivered(db, leaseId, batch),
    failed: (leaseId, batch) => settleFailed(db, leaseId, batch),
    release: (leaseId, batch) => releaseClaims(db, leaseId, batch),
    acquireLease: (id) => acquireLease(heartbeats, id, name),
    renewLease: (id) => renewLease(heartbeats, id),
    giveUpLease: (id) => giveUpLease(heartbeats, id),
    expireLeases: (peers) => expireLeases(db, peers),
    operatorSettings: (leaseId) => readOperatorSettings(operations, leaseId),
    destinationsToReturn: () => findDestinationsToReturn(db),
    returnParked: (destination, limit) => returnParkedTimers(db, destination, limit),
    rescue: () => rescueLostClaims(db, RESCUE_RULES),
  };
}
