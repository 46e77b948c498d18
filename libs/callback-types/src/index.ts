export {
  CALLBACK_TYPES,
  type CallbackConfig,
  callbackConfigSchema,
  type CallbackType,
  callbackTypeSchema,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from './callback.ts';
export { NATS_HEADERS, WEBHOOK_HEADERS } from './delivery-headers.ts';
export { durationSchema, parseDuration } from './duration.ts';
export { type ErrorKind, type ErrorName, ERRORS } from './error-code.ts';
export { ERROR_REASONS, type ErrorReason, type ErrorReasonKind, errorReasonSchema } from './error-reason.ts';
export {
  type ErrorResponse,
  errorResponseSchema,
  type ValidationIssue,
  validationIssueSchema,
} from './error-response.ts';
export type { HeaderMap } from './header-map.ts';
export {
  type HttpCallback,
  httpCallbackSchema,
  type StoredHttpCallback,
  storedHttpCallbackSchema,
} from './http-callback.ts';
export { findJsonIssue, type JsonInput, type JsonIssue, type JsonValue } from './json-value.ts';
export { LIMITS } from './limits.ts';
export { type CallbackMatcher, matchCallback } from './match-callback.ts';
export {
  type NatsCallback,
  natsCallbackSchema,
  natsSubject,
  type StoredNatsCallback,
  storedNatsCallbackSchema,
} from './nats-callback.ts';
export { deliveredBytes } from './printed-growth.ts';
export { type RetryPolicy, retryPolicySchema } from './retry-policy.ts';
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
  type RetryTimersRequest,
  retryTimersRequestSchema,
  timerKeyParamsSchema,
  timerKeySchema,
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
  type RetriedResponse,
  retriedResponseSchema,
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
