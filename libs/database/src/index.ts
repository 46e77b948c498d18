export { canonicalJson } from './canonical-json.ts';
export { checkPrivileges, findMissingGrants, PrivilegeError, type ProcessRole } from './check-privileges.ts';
export { checkSchema, SchemaError } from './check-schema.ts';
export { connect, type ConnectOptions, type Database } from './connect.ts';
export {
  deleteConsoleSession,
  findConsoleSession,
  insertConsoleSession,
} from './console/console-sessions.ts';
export { pruneConsoleSessions } from './console/prune-console-sessions.ts';
export { findDatabaseProblem } from './database-problem.ts';
export {
  type DatabaseSettings,
  databaseSettings,
  DatabaseSettingsError,
  type Environment,
  maskDatabaseUrl,
} from './database-settings.ts';
export {
  changeDestinationSettings,
  type DestinationChange,
} from './destinations/change-destination-settings.ts';
export { countPausedTimers, type PausedTimers } from './destinations/count-paused-timers.ts';
export type { DestinationSettingsRow } from './destinations/destination-settings-row.ts';
export { estimatePausedTimers } from './destinations/estimate-paused-timers.ts';
export { listDestinationSettings } from './destinations/list-destination-settings.ts';
export {
  type Claim,
  finishBatches,
  listBatches,
  releaseBatches,
  shrinkBatches,
  type ShrunkBatch,
} from './dispatch/claim-batches.ts';
export {
  claimDueSuspects,
  claimDueTimers,
  type ClaimedRow,
  type ClaimRange,
  type ClaimRequest,
  type ClaimResult,
  type RangeResult,
} from './dispatch/claim-due-timers.ts';
export { DueListener, type DueRange, type ListenerOptions, notifyDue } from './dispatch/due-notifications.ts';
export {
  acquireLease,
  expireLeases,
  giveUpLease,
  type Peer,
  type RenewedLease,
  renewLease,
} from './dispatch/leases.ts';
export { oldestDueAge } from './dispatch/oldest-due.ts';
export { releaseClaims, type ReleasedClaim } from './dispatch/release-claims.ts';
export { rescueLostClaims, type RescueResult, type RescueRules } from './dispatch/rescue-lost-claims.ts';
export { findDestinationsToReturn, returnParkedTimers } from './dispatch/return-parked-timers.ts';
export { type DeliveredAttempt, settleDelivered } from './dispatch/settle-delivered.ts';
export { type FailedAttempt, settleFailed } from './dispatch/settle-failed.ts';
export {
  areEncrypted,
  type DecryptedCallback,
  decryptHeaders,
  decryptHeaderText,
  encryptHeaderText,
  type HeaderKeys,
  NO_HEADER_KEYS,
  parseHeaderKeys,
} from './header-encryption.ts';
export {
  type InstallationSettings,
  type RecordedEgressPolicy,
  recordInstallationSettings,
} from './installation-settings.ts';
export { mapInTurns, turnTaker } from './map-in-turns.ts';
export {
  type BulkChange,
  type BulkRequest,
  changeTimers,
  countChangeable,
  type NewDueInstant,
} from './operations/bulk-change.ts';
export { countDueTimers, type DueCount } from './operations/count-due-timers.ts';
export { countExecutingTimers } from './operations/count-executing-timers.ts';
export { type CountedPending, countPendingByBucket } from './operations/count-pending-by-bucket.ts';
export {
  countTimersByState,
  INDEXED_STATES,
  type IndexedState,
  MAX_EXACT_COUNT,
} from './operations/count-timers-by-state.ts';
export { databaseNow } from './operations/database-now.ts';
export {
  type DispatcherReport,
  dispatcherReportSchema,
  MAX_REPORTED_DESTINATIONS,
  MAX_SAMPLED_TIMERS,
  type ReportedDestination,
  type SampledTimer,
} from './operations/dispatcher-report.ts';
export { type ForecastSchedule, listForecastSchedules } from './operations/forecast-schedules.ts';
export { bucketOf, LATENESS_BUCKETS, quantile, sumHistograms } from './operations/lateness-histogram.ts';
export { type DispatchMinute, listDispatchMinutes } from './operations/list-dispatch-minutes.ts';
export { type DispatcherRow, listDispatchers } from './operations/list-dispatchers.ts';
export {
  type ActionPosition,
  findAction,
  listActions,
  type OperatorActionRow,
} from './operations/operator-actions.ts';
export { type OperatorSettingsResult, readOperatorSettings } from './operations/operator-settings.ts';
export { sampledPercent } from './operations/page-sample.ts';
export type { ForecastRange, PendingGroup } from './operations/pending-buckets.ts';
export { pruneActions } from './operations/prune-actions.ts';
export { type NewAction, recordAction } from './operations/record-action.ts';
export { samplePendingByBucket } from './operations/sample-pending-by-bucket.ts';
export { sampleStates, type StateCounts } from './operations/sample-states.ts';
export { undoAction, type UndoResult } from './operations/undo-action.ts';
export {
  type CountedMinute,
  pruneDispatchMinutes,
  writeDispatchMinutes,
} from './operations/write-dispatch-minutes.ts';
export { writeDispatcherReport } from './operations/write-dispatcher-report.ts';
export { ping } from './ping.ts';
export { classifyFailure, type DatabaseFailure, isDataError } from './postgres-error.ts';
export { deleteSchedule } from './schedules/delete-schedule.ts';
export {
  type DueScheduleRow,
  type DueSchedulesRequest,
  findDueSchedules,
  findScheduleToPlan,
  findUpcomingSchedules,
  type UpcomingSchedule,
} from './schedules/due-schedules.ts';
export { editSchedule } from './schedules/edit-schedule.ts';
export { findSchedule } from './schedules/find-schedule.ts';
export { hasContent } from './schedules/has-content.ts';
export {
  countExistingOccurrences,
  type InsertedOccurrence,
  insertOccurrences,
  type InsertOccurrencesResult,
  type RequestedOccurrence,
} from './schedules/insert-occurrences.ts';
export { insertSchedule } from './schedules/insert-schedule.ts';
export {
  listOccurrences,
  type OccurrencePosition,
  type OccurrenceRow,
} from './schedules/list-occurrences.ts';
export { listSchedules } from './schedules/list-schedules.ts';
export {
  materializeOccurrences,
  type NewOccurrence,
  type NewSkips,
  type ScheduleDecision,
  type WrittenDecision,
} from './schedules/materialize-occurrences.ts';
export { type AutomaticPause, pauseAutomatically } from './schedules/pause-automatically.ts';
export { pauseSchedule } from './schedules/pause-schedule.ts';
export { pruneScheduleSkips } from './schedules/prune-schedule-skips.ts';
export { type ReplanResult, replanSchedules, type ReplanStep } from './schedules/replan-schedules.ts';
export { resumeSchedule } from './schedules/resume-schedule.ts';
export type { ScheduleContent, StoredRecurrence } from './schedules/schedule-content.ts';
export type { ScheduleKey } from './schedules/schedule-key.ts';
export { scheduleLag } from './schedules/schedule-lag.ts';
export type { ScheduleRow, ScheduleSummaryRow } from './schedules/schedule-row.ts';
export { NO_WITHDRAWAL, type Withdrawal } from './schedules/withdrawal.ts';
export type { Schema } from './schema.ts';
export { cancelTimer, type ChangeResult, retryTimer, runTimer } from './timers/change-timer.ts';
export { findTimer, findTimers } from './timers/find-timer.ts';
export type { IdempotencyKey, Repeated } from './timers/idempotency-key.ts';
export {
  type InsertedTimer,
  type InsertResult,
  insertTimers,
  type NewTimer,
} from './timers/insert-timers.ts';
export { type AttemptRow, listAttempts } from './timers/list-attempts.ts';
export type { ListPosition } from './timers/list-position.ts';
export { type ListPage, type ListResult, listTimers } from './timers/list-timers.ts';
export { newTimerId } from './timers/new-timer-id.ts';
export { pruneFinishedTimers, type PruneResult, type PruneStep } from './timers/prune-finished-timers.ts';
export { pruneIdempotencyKeys } from './timers/prune-idempotency-keys.ts';
export { type PutResult, putTimer } from './timers/put-timer.ts';
export type { SearchBudget } from './timers/search-timers.ts';
export type { TimerFilter } from './timers/timer-conditions.ts';
export { findTimerByKey, type TimerKey } from './timers/timer-keys.ts';
export type { Instant, TimerRow, TimerSummaryRow } from './timers/timer-row.ts';
export { isInFuture, type TimerUpdate, type UpdateResult, updateTimer } from './timers/update-timer.ts';
