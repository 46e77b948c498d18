import { type ErrorName, ERRORS, type ValidationIssue } from '@timer-platform/callback-types';
import { IssueList } from './issue-list.ts';

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

/** Code 2 for a request with these issues. */
export function validationError(found: readonly ValidationIssue[] | IssueList): ApiError {
  const list = found instanceof IssueList ? found : new IssueList();
  if (!(found instanceof IssueList)) for (const issue of found) list.add(() => issue);
  const [first] = list.issues;
  const more = list.total > 1 ? ` (and ${list.total - 1} more)` : '';
  const message = first === undefined ? 'invalid request' : `${first.path}: ${first.message}${more}`;
  return new ApiError('validation', message, { issues: list.issues });
}

/** Code 3 for an unknown timer id. */
export function timerNotFound(): ApiError {
  return new ApiError('notFound', 'timer not found');
}
