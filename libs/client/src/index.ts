export {
  type AnyCallback,
  type CallbackDefinition,
  defineCallback,
  type PayloadOf,
  type ReceivedPayload,
} from './callbacks/define-callback.ts';
export type {
  Destination,
  DestinationOverrides,
  HttpDestination,
  NatsDestination,
} from './callbacks/destination.ts';
export { PayloadError, type PayloadIssue } from './callbacks/payload-error.ts';
export type {
  InputOf,
  OutputOf,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './callbacks/standard-schema.ts';
export type { BulkClient } from './client/bulk-client.ts';
export type {
  BulkCancel,
  BulkControls,
  BulkOptions,
  BulkProgress,
  BulkRequests,
  BulkReschedule,
  BulkRetry,
  BulkRun,
  BulkSummary,
} from './client/bulk-requests.ts';
export type { ActionPage, UndoResult } from './client/bulk-shapes.ts';
export type { DestinationClient, DestinationLimits } from './client/destination-client.ts';
export {
  type AnyTimerError,
  TimerError,
  type TimerErrorDetails,
  type TimerErrorKind,
  type TimerErrorReason,
} from './client/errors.ts';
export type { CallLimits, CallOptions, ClientOptions, CreateOptions } from './client/options.ts';
export type { ListPage, PagedList } from './client/paged-list.ts';
export type {
  ActionQuery,
  ForecastRequest,
  ListQuery,
  NewTimer,
  TimerChanges,
  TimerRangeField,
} from './client/requests.ts';
export type { TimerPage } from './client/response-shapes.ts';
export type { Fetch, FetchedResponse, ReadableBody } from './client/runtime.ts';
export type { ScheduleClient } from './client/schedule-client.ts';
export type {
  BackfillRequest,
  NewSchedule,
  OccurrenceQuery,
  PauseRequest,
  PreviewRequest,
  PutScheduleOptions,
  ResumeRequest,
  ScheduleQuery,
  ScheduleRequest,
  ScheduleTerms,
} from './client/schedule-requests.ts';
export type {
  DeletedSchedule,
  OccurrencePage,
  PausedSchedule,
  PutSchedule,
  SchedulePage,
} from './client/schedule-shapes.ts';
export { splitBatches } from './client/split-batches.ts';
export {
  type ActionList,
  createClient,
  TimerClient,
  type TimerList,
  type TimerTerms,
} from './client/timer-client.ts';
export type { CallbackContext, CallbackHandler, CallbackHandlers } from './receivers/callback-handler.ts';
export { createReceiver } from './receivers/create-receiver.ts';
export type { DedupResult, DedupStore } from './receivers/dedup-store.ts';
export { PermanentError, RetryLaterError } from './receivers/handler-errors.ts';
export { memoryDedupStore, type MemoryDedupStoreOptions } from './receivers/memory-dedup-store.ts';
export {
  type PostgresClient,
  type PostgresDedupStore,
  postgresDedupStore,
  type PostgresDedupStoreOptions,
  type PostgresPool,
  type PostgresResult,
} from './receivers/postgres-dedup-store.ts';
export { BodyError } from './receivers/read-body.ts';
export type { Receiver, ReceiverRequest } from './receivers/receiver.ts';
export type { ReceiverOptions } from './receivers/receiver-options.ts';
export type { ReceiverResponse } from './receivers/receiver-response.ts';
export type { ErrorReport, OnError } from './receivers/report-error.ts';
export type { ReceivedHeaders } from './receivers/request-headers.ts';
export type { ScheduledOccurrence } from './receivers/scheduled-occurrence.ts';
