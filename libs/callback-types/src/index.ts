export {
  CALLBACK_TYPES,
  callbackConfigSchema,
  callbackTypeSchema,
  storedCallbackConfigSchema,
  type CallbackConfig,
  type CallbackType,
  type StoredCallbackConfig,
} from './callback.ts';
export { durationSchema, parseDuration } from './duration.ts';
export {
  ERRORS,
  errorResponseSchema,
  requestFaultSchema,
  type ErrorKind,
  type ErrorName,
  type ErrorResponse,
  type RequestFault,
} from './error-code.ts';
export type { HeaderMap } from './header-map.ts';
export {
  httpCallbackSchema,
  storedHttpCallbackSchema,
  type HttpCallback,
  type StoredHttpCallback,
} from './http-callback.ts';
export { findJsonFault, type JsonFault, type JsonValue } from './json-value.ts';
export { LIMITS } from './limits.ts';
export { matchCallback, type CallbackMatcher } from './match-callback.ts';
export {
  natsCallbackSchema,
  natsSubject,
  storedNatsCallbackSchema,
  type NatsCallback,
  type StoredNatsCallback,
} from './nats-callback.ts';
export { retryPolicySchema, type RetryPolicy } from './retry-policy.ts';
export {
  createTimerRequestSchema,
  createTimersRequestSchema,
  idempotencyKeySchema,
  listTimersQuerySchema,
  retryTimersRequestSchema,
  timerParamsSchema,
  updateTimerRequestSchema,
  type CreateTimerRequest,
  type CreateTimersRequest,
  type ListTimersQuery,
  type RetryTimersRequest,
  type UpdateTimerRequest,
} from './timer-requests.ts';
export {
  attemptListResponseSchema,
  canceledResponseSchema,
  degradedResponseSchema,
  healthResponseSchema,
  retriedResponseSchema,
  timerBatchResponseSchema,
  timerListResponseSchema,
  timerResponseSchema,
  timerSummaryResponseSchema,
  type AttemptListResponse,
  type CanceledResponse,
  type DegradedResponse,
  type HealthResponse,
  type RetriedResponse,
  type TimerBatchResponse,
  type TimerListResponse,
  type TimerResponse,
  type TimerSummaryResponse,
} from './timer-responses.ts';
export { TIMER_STATES, timerStateSchema, type TimerState } from './timer-state.ts';
export {
  attemptSchema,
  timerSchema,
  timerSummarySchema,
  type Attempt,
  type Timer,
  type TimerSummary,
} from './timer.ts';
export {
  SignatureError,
  verifySignature,
  type RequestHeaders,
  type SignatureFault,
  type SignedMessage,
  type VerifiedMessage,
} from './verify-signature.ts';
