import type { ErrorResponse, ValidationIssue } from '@timer-platform/callback-types';

interface ProblemFields {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly reason: string | null;
  readonly issues: readonly ValidationIssue[];
  readonly retryAfterSeconds: number | null;
}

/** A request that did not succeed: what the service responded, or that it did not respond. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  /** HTTP status; 0 when there was no response. */
  readonly status: number;
  /** `code` of the body (ERRORS of the contract); 0 when there was none. */
  readonly code: number;
  readonly reason: string | null;
  /** What is wrong in the request, by path. */
  readonly issues: readonly ValidationIssue[];
  readonly retryAfterSeconds: number | null;

  constructor(fields: ProblemFields) {
    super(fields.message);
    this.status = fields.status;
    this.code = fields.code;
    this.reason = fields.reason;
    this.issues = fields.issues;
    this.retryAfterSeconds = fields.retryAfterSeconds;
  }
}

/** The problem of a request that got no response. */
export function noResponse(): ApiProblem {
  return new ApiProblem({
    status: 0,
    code: 0,
    message: 'The service does not respond. It may be restarting, or the network is down.',
    reason: null,
    issues: [],
    retryAfterSeconds: null,
  });
}

/** The problem in a response; its body may be anything, as a proxy may have written it. */
export function problemOf(status: number, body: unknown, retryAfter: string | null): ApiProblem {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Partial<ErrorResponse>;
  return new ApiProblem({
    status,
    code: typeof fields.code === 'number' ? fields.code : 0,
    message:
      typeof fields.message === 'string' ? fields.message : `The service responded with status ${status}`,
    reason: typeof fields.reason === 'string' ? fields.reason : null,
    issues: Array.isArray(fields.errors) ? fields.errors : [],
    retryAfterSeconds: retryAfter !== null && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : null,
  });
}
