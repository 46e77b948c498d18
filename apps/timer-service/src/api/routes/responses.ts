import { errorResponseSchema } from '@timer-platform/callback-types';
import { z } from 'zod';

/** Error statuses of some routes. */
type RouteError = 400 | 404 | 409 | 412 | 413 | 415;

/** Error responses of every route that needs an API key. */
const COMMON_ERRORS = {
  401: errorResponseSchema,
  403: errorResponseSchema,
  429: errorResponseSchema,
  500: errorResponseSchema,
};

/** The body of a success response. */
export function success<Data>(data: Data): { code: 0; message: 'success'; data: Data } {
  return { code: 0, message: 'success', data };
}

/** The responses of a route, for the OpenAPI document. Not used to validate or serialize responses. */
export function responses<Status extends 200 | 201, Success extends z.ZodType>(
  status: Status,
  success: Success,
  errors: readonly RouteError[],
): typeof COMMON_ERRORS & Partial<Record<RouteError, typeof errorResponseSchema>> & Record<Status, Success> {
  const failures: Partial<Record<RouteError, typeof errorResponseSchema>> = {};
  for (const code of errors) failures[code] = errorResponseSchema;
  const successes = { [status]: success } as Record<Status, Success>;
  return { ...COMMON_ERRORS, ...failures, ...successes };
}

/** The responses of `GET /events`: a stream of text, or one error. */
export function eventResponses() {
  return {
    ...COMMON_ERRORS,
    409: errorResponseSchema,
    200: {
      description: 'Server-sent events',
      content: { 'text/event-stream': { schema: z.string() } },
    },
  };
}
