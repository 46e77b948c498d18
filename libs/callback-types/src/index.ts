export {
  type CancelTimersRequest,
  cancelTimersRequestSchema,
  type RescheduleTimersRequest,
  rescheduleTimersRequestSchema,
  type RetryTimersRequest,
  retryTimersRequestSchema,
  type RunTimersRequest,
  runTimersRequestSchema,
} from './bulk-requests.ts';
export {
  type BulkResponse,
  bulkResponseSchema,
  type BulkResult,
  bulkResultSchema,
  type RetriedResponse,
  retriedResponseSchema,
} from './bulk-responses.ts';
export {
  CALLBACK_TYPES,
  type CallbackConfig,
  callbackConfigSchema,
  type CallbackType,
  callbackTypeSchema,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from './callback.ts';
export { canParseUrl } from './can-parse-url.ts';
export { type Count, countSchema } from './count.ts';
export { NATS_HEADERS, SCHEDULE_HEADERS, WEBHOOK_HEADERS } from './delivery-headers.ts';
export { BREAKER_STATES, type BreakerState, type Destination, destinationSchema } from './destination.ts';
export { destinationNameSchema } from './destination-name.ts';
export {
  destinationParamsSchema,
  type PauseDestinationRequest,
  pauseDestinationRequestSchema,
  type ResumeDestinationRequest,
  resumeDestinationRequestSchema,
  type UpdateDestinationRequest,
  updateDestinationRequestSchema,
} from './destination-requests.ts';
export {
  type Dispatcher,
  DISPATCHER_STATES,
  type DispatcherLoad,
  dispatcherLoadSchema,
  dispatcherSchema,
  type DispatcherState,
} from './dispatcher.ts';
export { durationSchema, formatDuration, parseDuration, parseSignedDuration } from './duration.ts';
export { type ErrorKind, type ErrorName, ERRORS } from './error-code.ts';
export { ERROR_REASONS, type ErrorReason, type ErrorReasonKind, errorReasonSchema } from './error-reason.ts';
export {
  type ErrorResponse,
  errorResponseSchema,
  type ValidationIssue,
  validationIssueSchema,
} from './error-response.ts';
export {
  type DestinationForecast,
  destinationForecastSchema,
  type Forecast,
  type ForecastBucket,
  forecastBucketSchema,
  type ForecastQuery,
  forecastQuerySchema,
  forecastSchema,
} from './forecast.ts';
export type { HeaderMap } from './header-map.ts';
export {
  type HttpCallback,
  httpCallbackSchema,
  type StoredHttpCallback,
  storedHttpCallbackSchema,
} from './http-callback.ts';
export { findJsonIssue, type JsonInput, type JsonIssue, type JsonValue } from './json-value.ts';
export { LIMITS } from './limits.ts';
export {
  LIVE_EVENTS,
  type LiveDestination,
  type LiveDestinations,
  liveDestinationSchema,
  liveDestinationsSchema,
  type LiveEventName,
  type LiveStats,
  liveStatsSchema,
  type LiveTimer,
  type LiveTimers,
  liveTimerSchema,
  liveTimersSchema,
} from './live-events.ts';
export { type CallbackMatcher, matchCallback } from './match-callback.ts';
export {
  type NatsCallback,
  natsCallbackSchema,
  natsSubject,
  type StoredNatsCallback,
  storedNatsCallbackSchema,
} from './nats-callback.ts';
export { type Origin, ORIGINS } from './occurrence-fields.ts';
export {
  type DestinationListResponse,
  destinationListResponseSchema,
  type DestinationResponse,
  destinationResponseSchema,
  type DispatcherListResponse,
  dispatcherListResponseSchema,
  type ForecastResponse,
  forecastResponseSchema,
  type StatsResponse,
  statsResponseSchema,
} from './operation-responses.ts';
export {
  type ActionListResponse,
  actionListResponseSchema,
  actionParamsSchema,
  type ListActionsQuery,
  listActionsQuerySchema,
  type OperatorAction,
  operatorActionSchema,
  type UndoResponse,
  undoResponseSchema,
} from './operator-action.ts';
export { deliveredBytes } from './printed-growth.ts';
export { type RetryPolicy, retryPolicySchema } from './retry-policy.ts';
export {
  type Occurrence,
  occurrenceSchema,
  type PreviewedOccurrence,
  previewedOccurrenceSchema,
  type RunningOccurrence,
  runningOccurrenceSchema,
  type Schedule,
  type ScheduleBackfill,
  scheduleBackfillSchema,
  type SchedulePause,
  schedulePauseSchema,
  type SchedulePreview,
  schedulePreviewSchema,
  scheduleSchema,
  type ScheduleSummary,
  scheduleSummarySchema,
  type SkippedOccurrences,
  skippedOccurrencesSchema,
  type TimerOccurrence,
  timerOccurrenceSchema,
} from './schedule.ts';
export {
  CATCH_UPS,
  type CatchUp,
  type Overlap,
  OVERLAPS,
  PAUSE_REASONS,
  type PauseReason,
  SCHEDULE_DEFAULTS,
  SKIP_REASONS,
  type SkipReason,
} from './schedule-options.ts';
export {
  type BackfillScheduleRequest,
  backfillScheduleRequestSchema,
  type ListOccurrencesQuery,
  listOccurrencesQuerySchema,
  type ListSchedulesQuery,
  listSchedulesQuerySchema,
  type PauseScheduleRequest,
  pauseScheduleRequestSchema,
  type PreviewScheduleRequest,
  previewScheduleRequestSchema,
  type PutScheduleRequest,
  putScheduleRequestSchema,
  type ResumeScheduleRequest,
  resumeScheduleRequestSchema,
  scheduleKeySchema,
  scheduleParamsSchema,
  type TriggerScheduleRequest,
  triggerScheduleRequestSchema,
} from './schedule-requests.ts';
export {
  type BackfillScheduleResponse,
  backfillScheduleResponseSchema,
  type DeleteScheduleResponse,
  deleteScheduleResponseSchema,
  type OccurrenceListResponse,
  occurrenceListResponseSchema,
  type PauseScheduleResponse,
  pauseScheduleResponseSchema,
  type PreviewScheduleResponse,
  previewScheduleResponseSchema,
  type PutScheduleResponse,
  putScheduleResponseSchema,
  type ScheduleListResponse,
  scheduleListResponseSchema,
  type ScheduleResponse,
  scheduleResponseSchema,
} from './schedule-responses.ts';
export { signedDurationSchema } from './signed-duration.ts';
export { type Stats, type StatsMinute, statsMinuteSchema, statsSchema } from './stats.ts';
export {
  type Attempt,
  attemptSchema,
  type Timer,
  timerSchema,
  type TimerSummary,
  timerSummarySchema,
} from './timer.ts';
export {
  type HttpTimerCallback,
  type NatsTimerCallback,
  type TimerCallback,
  timerCallbackSchema,
} from './timer-callback.ts';
export { type TimerFilter, timerFilterSchema } from './timer-filter.ts';
export { timerKeySchema } from './timer-key.ts';
export {
  type CreateTimerRequest,
  createTimerRequestSchema,
  type CreateTimersRequest,
  createTimersRequestSchema,
  idempotencyKeySchema,
  type ListTimersQuery,
  listTimersQuerySchema,
  type PutTimerRequest,
  putTimerRequestSchema,
  timerKeyParamsSchema,
  timerParamsSchema,
  type UpdateTimerRequest,
  updateTimerRequestSchema,
} from './timer-requests.ts';
export {
  type AttemptListResponse,
  attemptListResponseSchema,
  type CanceledResponse,
  canceledResponseSchema,
  type DegradedResponse,
  degradedResponseSchema,
  type HealthResponse,
  healthResponseSchema,
  type ListSearch,
  listSearchSchema,
  type TimerBatchResponse,
  timerBatchResponseSchema,
  type TimerListResponse,
  timerListResponseSchema,
  type TimerResponse,
  timerResponseSchema,
  type TimerSummaryResponse,
  timerSummaryResponseSchema,
} from './timer-responses.ts';
export { TIMER_STATES, type TimerState, timerStateSchema } from './timer-state.ts';
export {
  type RequestHeaders,
  SignatureError,
  type SignatureErrorReason,
  type SignedMessage,
  type VerifiedMessage,
  verifySignature,
} from './verify-signature.ts';
