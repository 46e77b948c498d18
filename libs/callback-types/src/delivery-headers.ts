/**
 * Headers that the service sets on every HTTP delivery, in lower case. Requests must not set them, nor other headers that
 * start with `webhook-`.
 */
export const WEBHOOK_HEADERS = {
  /** Id of the message: the same on every attempt. Starts with the id of the timer. */
  id: 'webhook-id',
  /** When the attempt started, in seconds since 1970. */
  timestamp: 'webhook-timestamp',
  /** Signatures of the id, the timestamp and the body. Absent if the service has no signing secret. */
  signature: 'webhook-signature',
  /** Number of the attempt, from 1. Not part of what is signed. */
  attempt: 'webhook-attempt',
} as const;

/** Headers that the service sets on every NATS message. Names of NATS headers are case-sensitive. */
export const NATS_HEADERS = {
  /** Id of the message: the same on every attempt, so that a stream drops repetitions. Starts with the id of the timer. */
  id: 'Nats-Msg-Id',
  /** Number of the attempt, from 1. */
  attempt: 'Timer-Attempt',
} as const;

/**
 * Headers of the callback of an occurrence, HTTP and NATS alike, in lower case. The callback of a schedule must not set
 * them.
 */
export const SCHEDULE_HEADERS = {
  /** The key of the schedule. */
  schedule: 'timer-schedule',
  /** The instant that the schedule names, in RFC 3339: the same whenever the occurrence is delivered. */
  scheduledFor: 'timer-scheduled-for',
  /** Why the occurrence exists: schedule, catch_up, backfill or trigger. */
  origin: 'timer-origin',
  /** How many occurrences before this one were missed and skipped. Absent if none. */
  missed: 'timer-missed',
} as const;
