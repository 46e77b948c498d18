/** A kind of error response: the `code` in its body, its HTTP status and its meaning. */
export interface ErrorKind {
  readonly code: number;
  readonly status: number;
  readonly meaning: string;
}

/** Every `code` of an error response. Code 0 means success. */
export const ERRORS = {
  internal: {
    code: 1,
    status: 500,
    meaning: 'The service or its database failed; the request can be retried',
  },
  validation: { code: 2, status: 400, meaning: 'The request is invalid; errors lists the issues' },
  notFound: { code: 3, status: 404, meaning: 'Timer, schedule or path not found' },
  unauthorized: { code: 4, status: 401, meaning: 'The API key is missing or wrong' },
  payloadTooLarge: { code: 5, status: 413, meaning: 'The body exceeds the size limit' },
  unsupportedMediaType: { code: 6, status: 415, meaning: 'The body is not application/json' },
  idempotencyConflict: {
    code: 7,
    status: 409,
    meaning: 'The Idempotency-Key was already used with a different body',
  },
  rateLimited: { code: 8, status: 429, meaning: 'Too many requests; wait for the time in Retry-After' },
  forbidden: { code: 9, status: 403, meaning: 'The role of the API key does not allow this request' },
  methodNotAllowed: { code: 10, status: 405, meaning: 'The path does not support this method' },
  keyInUse: { code: 11, status: 409, meaning: 'An unfinished timer has this key' },
  preconditionFailed: {
    code: 12,
    status: 412,
    meaning: 'The condition in If-Match or If-None-Match does not hold; nothing was changed',
  },
  limitReached: { code: 13, status: 409, meaning: 'A limit of the service; the message names its setting' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorName = keyof typeof ERRORS;
