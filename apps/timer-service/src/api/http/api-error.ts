import { type ErrorName, ERRORS, type ValidationIssue } from '@timer-platform/callback-types';

/** An error response. Its message and issues are sent to the client unchanged. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;
  readonly issues: readonly ValidationIssue[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ErrorName,
    message: string,
    details: { issues?: readonly ValidationIssue[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    ({ status: this.status, code: this.code } = ERRORS[kind]);
    this.issues = details.issues;
    this.headers = details.headers ?? {};
  }
}

/** Maximum number of issues in a response: a hostile batch can have tens of thousands. */
const MAX_ISSUES = 100;

/** Code 2 for a request with these issues. */
export function validationError(issues: readonly ValidationIssue[]): ApiError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const message = first === undefined ? 'invalid request' : `${first.path}: ${first.message}${more}`;
  return new ApiError('validation', message, { issues: issues.slice(0, MAX_ISSUES) });
}

/** Code 3 for an unknown timer id. */
export function timerNotFound(): ApiError {
  return new ApiError('notFound', 'timer not found');
}
