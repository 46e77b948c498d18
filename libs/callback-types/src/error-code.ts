import { z } from 'zod';

/** One kind of answer: the `code` in its body and its HTTP status. */
export interface ErrorKind {
  readonly code: number;
  readonly status: number;
  readonly meaning: string;
}

/** Every `code` that an answer can carry, but for 0, which is success. */
export const ERRORS = {
  internal: {
    code: 1,
    status: 500,
    meaning: 'The service or its database failed; the request may be repeated',
  },
  validation: { code: 2, status: 400, meaning: 'The request is not valid; errors names each fault' },
  notFound: { code: 3, status: 404, meaning: 'There is no such timer or path' },
  unauthorized: { code: 4, status: 401, meaning: 'X-API-Key is missing or wrong' },
  payloadTooLarge: { code: 5, status: 413, meaning: 'The body is larger than the service takes' },
  unsupportedMediaType: { code: 6, status: 415, meaning: 'The body is not application/json' },
  idempotencyConflict: { code: 7, status: 409, meaning: 'The Idempotency-Key was used with another body' },
  rateLimited: { code: 8, status: 429, meaning: 'Too many requests; Retry-After says when to come back' },
  forbidden: { code: 9, status: 403, meaning: 'The API key may not do this' },
  methodNotAllowed: { code: 10, status: 405, meaning: 'The path exists, but not with this method' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorName = keyof typeof ERRORS;

/** One issue of a request: where, as a dotted path into the body, the query or the headers, and what is wrong. */
export const validationIssueSchema = z
  .object({ path: z.string(), message: z.string() })
  .meta({ id: 'ValidationIssue' });
export type ValidationIssue = z.infer<typeof validationIssueSchema>;

/** The body of every answer that is not a success. */
export const errorResponseSchema = z
  .object({
    code: z.int().positive(),
    message: z.string(),
    data: z.null(),
    errors: z.array(validationIssueSchema).optional(),
  })
  .meta({ id: 'ErrorResponse' });
export type ErrorResponse = z.infer<typeof errorResponseSchema>;
