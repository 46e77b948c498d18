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
  /** Failed timers that one request can retry. */
  retryBatchSize: 10_000,
  /** Timers in one page of a list. */
  pageSize: 200,
  /** Characters of an Idempotency-Key. */
  idempotencyKeyLength: 255,
  /** Characters of a timer's key. */
  timerKeyLength: 255,
  /** Attempts in a retry policy. */
  maxAttempts: 100,
  /** The longest delay, in milliseconds: 100 years. */
  delayMs: 36_525 * 86_400_000,
} as const;
