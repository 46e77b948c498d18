import { type ErrorName, ERRORS, type RequestFault } from '@timer-platform/callback-types';

/** An answer that is not a success. Its message and faults go to the client as they are. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;
  readonly faults: readonly RequestFault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ErrorName,
    message: string,
    more: { faults?: readonly RequestFault[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    ({ status: this.status, code: this.code } = ERRORS[kind]);
    this.faults = more.faults;
    this.headers = more.headers ?? {};
  }
}

/** Faults told to the client at most: a hostile batch can hold tens of thousands. */
const MAX_FAULTS = 100;

/** Code 2 for a request with these faults. */
export function validationError(faults: readonly RequestFault[]): ApiError {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const message = first === undefined ? 'the request is not valid' : `${first.path}: ${first.message}${more}`;
  return new ApiError('validation', message, { faults: faults.slice(0, MAX_FAULTS) });
}

/** Code 3 for an id that no timer has. */
export function timerNotFound(): ApiError {
  return new ApiError('notFound', 'timer not found');
}
