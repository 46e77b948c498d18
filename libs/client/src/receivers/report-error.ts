/** What an error belongs to. */
export interface ErrorReport {
  /**
   * `unverified`: the request was not signed as it must be, or had no id. `unknown callback`: no handler has this name.
   * `invalid payload`, `permanent`, `retry later`, `failed`: how the callback ended. `receiver`: the body could not be read.
   */
  readonly reason:
    | 'unverified'
    | 'unknown callback'
    | 'invalid payload'
    | 'permanent'
    | 'retry later'
    | 'failed'
    | 'receiver';
  /** Id of the message, if it is known. */
  readonly id?: string | undefined;
  /** Name of the callback, if it is known. Sent by whoever sent the request. */
  readonly name?: string | undefined;
}

/** Gets the errors of a receiver or a subscription. What it throws is ignored. */
export type OnError = (error: unknown, report: ErrorReport) => void;

/** For those who pass no `onError`: an error must not vanish. Strangers must not fill the log, and what a handler wants is no error. */
function logError(error: unknown, { id, name, reason }: ErrorReport): void {
  if (reason === 'unverified' || reason === 'retry later') return;
  // eslint-disable-next-line no-console -- the only place to report an error in every runtime
  console.error(`Timer callback ${name ?? ''} (${id ?? 'without id'}): ${reason}:`, error);
}

/** A function that passes errors on and never throws. */
export function errorReporter(onError: OnError = logError): OnError {
  return (error, report) => {
    try {
      onError(error, report);
    } catch {
      // The callback ends as it would have without the report.
    }
  };
}
