/** Size limits of requests. They do not apply to stored rows: what was accepted once is delivered. */
export const LIMITS = {
  /** UTF-8 bytes of `callback.payload` as JSON. */
  payloadBytes: 1_048_576,
  /** UTF-8 bytes of `metadata` as JSON. */
  metadataBytes: 65_536,
  /** Levels of arrays and objects in `payload` and `metadata`. */
  jsonDepth: 64,
  /** Characters of the URL of an HTTP callback. */
  urlLength: 8_192,
  /** Headers of one callback. */
  headerCount: 64,
  /** Characters of a header name. */
  headerNameLength: 256,
  /** Characters of a header value. */
  headerValueLength: 8_192,
  /** Characters of a NATS subject: topic, dot and key. */
  subjectLength: 1_024,
  /** Timers in one batch. */
  batchSize: 1_000,
  /** Timers that one bulk request can change. */
  bulkSize: 10_000,
  /** Timers that a dry run of a bulk request counts. */
  bulkCount: 100_000,
  /** Ids in a bulk request. */
  bulkIds: 1_000,
  /** Characters of an error text to search for. */
  errorTextLength: 200,
  /** Timers in one page of a list. */
  pageSize: 200,
  /** Characters of an Idempotency-Key. */
  idempotencyKeyLength: 255,
  /** Characters of a timer's key. */
  timerKeyLength: 255,
  /** Attempts in a retry policy. */
  maxAttempts: 100,
  /** Characters of a schedule's key. */
  scheduleKeyLength: 255,
  /** Cron expressions of one schedule. */
  cronExpressions: 10,
  /** Characters of a cron expression. */
  cronLength: 256,
  /** Exclusions of one schedule. */
  exclusions: 100,
  /** The shortest interval of a schedule, in milliseconds. */
  everyMs: 1_000,
  /** The largest `max_occurrences` of a schedule. */
  maxOccurrences: 1_000_000_000,
  /** The largest `pause_after_failures` of a schedule. */
  pauseAfterFailures: 1_000,
  /** Characters of the note of a paused schedule or destination. */
  noteLength: 1_000,
  /** Occurrences in one preview. */
  previewOccurrences: 100,
  /** Occurrences in the range of one backfill. */
  backfillOccurrences: 10_000,
  /** Occurrences that one response names as withdrawn or running. */
  namedOccurrences: 1_000,
  /** Characters of the name of a destination. */
  destinationLength: 500,
  /** The smallest `rate_per_second` of a destination: one attempt in 1,000 s. */
  minRatePerSecond: 0.001,
  /** The largest `rate_per_second` of a destination. */
  maxRatePerSecond: 1_000_000,
  /** The largest `max_in_flight` of a destination. */
  maxInFlight: 1_000_000,
  /** Destinations that can be paused or have limits. */
  destinationSettings: 1_000,
  /** How far `GET /forecast` looks ahead, in milliseconds: 31 days. */
  forecastMs: 31 * 86_400_000,
  /** Buckets of one forecast. */
  forecastBuckets: 500,
  /** The longest delay, in milliseconds: 100 years. */
  delayMs: 36_525 * 86_400_000,
} as const;
