import type { ErrorName, ErrorReason, TimerState, ValidationIssue } from '@timer-platform/callback-types';

/**
 * The `code` of each kind of error response. A test compares it with the table of the contract, which would bring the
 * whole of zod into every bundle.
 */
const CODES: Readonly<Record<ErrorName, number>> = {
  internal: 1,
  validation: 2,
  notFound: 3,
  unauthorized: 4,
  payloadTooLarge: 5,
  unsupportedMediaType: 6,
  idempotencyConflict: 7,
  rateLimited: 8,
  forbidden: 9,
  methodNotAllowed: 10,
  keyInUse: 11,
  preconditionFailed: 12,
  limitReached: 13,
};
const KINDS = new Map(Object.entries(CODES).map(([kind, code]) => [code, kind as ErrorName]));

/**
 * What went wrong.
 *
 * - An error response of the service: the name of its code in the contract, such as `validation`, `notFound`,
 *   `unauthorized`, `idempotencyConflict` and `rateLimited`; `unknown` for a code of a later service.
 * - `network`: no response, or only a part of one.
 * - `timeout`: no complete response in time.
 * - `aborted`: the caller's signal ended the call.
 * - `badResponse`: a response that is not from a timer service, such as the HTML page of a proxy.
 */
export type TimerErrorKind = ErrorName | 'unknown' | 'network' | 'timeout' | 'aborted' | 'badResponse';

/** A reason of the contract, or of a later service. */
export type TimerErrorReason = ErrorReason | (string & Record<never, never>);

/** What an error carries besides its kind and message; what is absent is undefined. */
export interface TimerErrorDetails {
  /** The `code` of the error response. */
  readonly code?: number | undefined;
  /** The status of the HTTP response. */
  readonly httpStatus?: number | undefined;
  /** Why the request was refused, in the words of the contract, such as `not_pending`. */
  readonly reason?: TimerErrorReason | undefined;
  /** The status of the timer that refused the request. */
  readonly timerStatus?: TimerState | undefined;
  readonly issues?: readonly ValidationIssue[] | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly tries?: number | undefined;
  readonly mayHaveSucceeded?: boolean | undefined;
  readonly cause?: unknown;
}

/** Marks instances, so that `instanceof` also recognizes those of another copy of this package. */
const BRAND = Symbol.for('@timer-platform/client/TimerError');

/**
 * The only error that calls of the client reject with. `instanceof` narrows to {@link AnyTimerError}, a union
 * discriminated by `kind`, and also holds for errors of another copy of this package (ESM beside CommonJS).
 *
 * Messages contain no secrets: no API key, header, payload or response body.
 *
 * @example
 * try {
 *   await client.cancel(id);
 * } catch (error) {
 *   if (error instanceof TimerError && error.reason === 'not_pending') return 'too late';
 *   throw error;
 * }
 */
export class TimerError extends Error {
  override readonly name = 'TimerError';
  readonly kind: TimerErrorKind;
  /** The `code` of the error response; undefined if there was none. */
  readonly code: number | undefined;
  /** The status of the HTTP response; undefined if there was none. */
  readonly httpStatus: number | undefined;
  /** Why the request was refused, in the words of the contract, such as `not_pending`. */
  readonly reason: TimerErrorReason | undefined;
  /** The status of the timer that refused the request. */
  readonly timerStatus: TimerState | undefined;
  /** What is wrong in the request, and where; empty unless the kind is `validation`. */
  readonly issues: readonly ValidationIssue[];
  /** How long the service asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** How many times the request was sent. */
  readonly tries: number;
  /**
   * Whether the service may have carried out the call although it ended with this error: a response was lost. Always
   * false for calls that only read. Repeat a create with the same `idempotencyKey` to find out.
   */
  readonly mayHaveSucceeded: boolean;

  constructor(kind: TimerErrorKind, message: string, details: TimerErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.httpStatus = details.httpStatus;
    this.reason = details.reason;
    this.timerStatus = details.timerStatus;
    this.issues = details.issues ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.tries = details.tries ?? 0;
    this.mayHaveSucceeded = details.mayHaveSucceeded ?? false;
    Object.defineProperty(this, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): value is AnyTimerError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** A {@link TimerError}, as a union discriminated by `kind`. */
export type AnyTimerError = TimerError &
  (
    | { readonly kind: ErrorName | 'unknown'; readonly code: number }
    | { readonly kind: 'badResponse'; readonly code: undefined; readonly httpStatus: number }
    | {
        readonly kind: 'network' | 'timeout' | 'aborted';
        readonly code: undefined;
        readonly httpStatus: undefined;
      }
  );

/** The kind of an error response with this code. */
export function kindOfCode(code: number): ErrorName | 'unknown' {
  return KINDS.get(code) ?? 'unknown';
}
