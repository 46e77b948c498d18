import {
  ERROR_REASONS,
  type ErrorName,
  type ErrorReason,
  ERRORS,
  type TimerState,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import { IssueList } from './issue-list.ts';

interface ErrorDetails {
  readonly issues?: readonly ValidationIssue[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly reason?: ErrorReason;
  readonly timerStatus?: TimerState;
}

/** An error response. Its message and issues are sent to the client unchanged. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;
  readonly issues: readonly ValidationIssue[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: ErrorReason | undefined;
  /** The status of the timer that the request cannot change. */
  readonly timerStatus: TimerState | undefined;

  constructor(kind: ErrorName, message: string, details: ErrorDetails = {}) {
    super(message);
    ({ status: this.status, code: this.code } = ERRORS[kind]);
    this.issues = details.issues;
    this.reason = details.reason;
    this.timerStatus = details.timerStatus;
    this.headers = details.headers ?? {};
  }
}

/** The error that a reason belongs to. */
export function errorOf(
  reason: ErrorReason,
  message: string,
  details: Omit<ErrorDetails, 'reason'> = {},
): ApiError {
  return new ApiError(ERROR_REASONS[reason].error, message, { ...details, reason });
}

/** Code 2 for a request with these issues. */
export function validationError(
  found: readonly ValidationIssue[] | IssueList,
  reason?: ErrorReason,
): ApiError {
  const list = found instanceof IssueList ? found : new IssueList();
  if (!(found instanceof IssueList)) for (const issue of found) list.add(() => issue);
  const [first] = list.issues;
  const more = list.total > 1 ? ` (and ${list.total - 1} more)` : '';
  const message = first === undefined ? 'invalid request' : `${first.path}: ${first.message}${more}`;
  return new ApiError('validation', message, {
    issues: list.issues,
    ...(reason !== undefined && { reason }),
  });
}

/** Code 2: these fields, `execute_at` or such a field of an item, are not in the future by the database's clock. */
export function notInFuture(paths: readonly string[]): ApiError {
  return validationError(
    paths.map((path) => ({ path, message: 'must be in the future' })),
    'in_the_past',
  );
}

/** Code 11 for keys of other unfinished timers. */
export function keyInUse(paths: readonly string[]): ApiError {
  const message = 'an unfinished timer has this key; PUT /timers/by-key/:key replaces it';
  const issues = paths.map((path) => ({ path, message }));
  return errorOf('key_in_use', `${paths[0] ?? 'key'}: ${message}`, { issues });
}

/** Code 3 for an unknown timer id. */
export function timerNotFound(): ApiError {
  return errorOf('timer_not_found', 'timer not found');
}
