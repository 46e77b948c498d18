export { checkSchema, SchemaError } from './check-schema.ts';
export { connect, type ConnectOptions, type Database } from './connect.ts';
export { classifyFailure, type DatabaseFailure } from './postgres-error.ts';
export {
  databaseSettings,
  DatabaseSettingsError,
  maskDatabaseUrl,
  type DatabaseSettings,
  type Environment,
} from './database-settings.ts';
export {
  claimDueTimers,
  type ClaimedRow,
  type ClaimRequest,
  type ClaimResult,
} from './dispatch/claim-due-timers.ts';
export { registerDispatcher, renewDispatcher, unregisterDispatcher } from './dispatch/dispatchers.ts';
export { releaseClaims, type UnstartedClaim } from './dispatch/release-claims.ts';
export { listClaims, type RecordedClaim } from './dispatch/list-claims.ts';
export { oldestDueAge } from './dispatch/oldest-due.ts';
export {
  rescueLostClaims,
  removeExpiredDispatchers,
  type RescueResult,
  type RescueRules,
} from './dispatch/rescue-lost-claims.ts';
export { settleDelivered, type DeliveredAttempt } from './dispatch/settle-delivered.ts';
export { settleFailed, type FailedAttempt } from './dispatch/settle-failed.ts';
export {
  areEncrypted,
  decryptHeaders,
  decryptHeaderText,
  encryptHeaderText,
  NO_HEADER_KEYS,
  parseHeaderKeys,
  type DecryptedCallback,
  type HeaderKeys,
} from './header-encryption.ts';
export { ping } from './ping.ts';
export type { Schema } from './schema.ts';
export { pruneFinishedTimers, type PruneResult, type PruneStep } from './timers/prune-finished-timers.ts';
export { cancelTimer, retryTimer, runTimer, type ChangeResult } from './timers/change-timer.ts';
export { findTimer, findTimers } from './timers/find-timer.ts';
export { pruneIdempotencyKeys } from './timers/prune-idempotency-keys.ts';
export {
  insertTimers,
  type IdempotencyKey,
  type InsertedTimer,
  type InsertResult,
  type NewTimer,
} from './timers/insert-timers.ts';
export { listAttempts, type AttemptRow } from './timers/list-attempts.ts';
export {
  countTimers,
  listTimers,
  type ListPage,
  type ListPosition,
  type TimerFilter,
} from './timers/list-timers.ts';
export { countFailedTimers, retryTimers, type FailedTimerFilter } from './timers/retry-timers.ts';
export type { TimerRow, TimerSummaryRow } from './timers/timer-row.ts';
export { newTimerId } from './timers/new-timer-id.ts';
export { updateTimer, type TimerUpdate, type UpdateResult } from './timers/update-timer.ts';
