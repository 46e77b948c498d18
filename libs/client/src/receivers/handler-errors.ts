/** Thrown by a handler: the callback can never be handled, so the timer fails at once and is not retried. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/** Thrown by a handler: the callback cannot be handled yet, and is wanted again after a delay. Uses an attempt. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError';
  /** At least this many seconds, up to a day. The timer's own retry delay applies if it is longer. */
  readonly afterSeconds: number;

  /** @throws {TypeError} if `afterSeconds` is not a number of 0 or more */
  constructor(
    message: string,
    { afterSeconds, ...options }: ErrorOptions & { readonly afterSeconds: number },
  ) {
    super(message, options);
    if (!(afterSeconds >= 0))
      throw new TypeError('afterSeconds of a RetryLaterError must be a number, 0 or more');
    this.afterSeconds = Math.ceil(afterSeconds);
  }
}

// By name, because the ES module and the CommonJS build of this package have classes of their own.
export function isPermanentError(error: unknown): error is PermanentError {
  return error instanceof Error && error.name === 'PermanentError';
}

export function isRetryLaterError(error: unknown): error is RetryLaterError {
  return error instanceof Error && error.name === 'RetryLaterError' && 'afterSeconds' in error;
}
