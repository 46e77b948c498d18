import { type ErrorName, ERRORS, type ValidationIssue } from '@timer-platform/callback-types';

/** An answer that is not a success. Its message and faults go to the client as they are. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;
  readonly issues: readonly ValidationIssue[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ErrorName,
    message: string,
    more: { issues?: readonly ValidationIssue[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    ({ status: this.status, code: this.code } = ERRORS[kind]);
    this.issues = more.issues;
    this.headers = more.headers ?? {};
  }
}

/** Faults told to the client at most: a hostile batch can hold tens of thousands. */
const MAX_ISSUES = 100;

/** Code 2 for a request with these faults. */
export function validationError(issues: readonly ValidationIssue[]): ApiError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const message = first === undefined ? 'the request is not valid' : `${first.path}: ${first.message}${more}`;
  return new ApiError('validation', message, { issues: issues.slice(0, MAX_ISSUES) });
}

/** Code 3 for an id that no timer has. */
export function timerNotFound(): ApiError {
  return new ApiError('notFound', 'timer not found');
}
