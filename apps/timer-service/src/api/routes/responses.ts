import { errorResponseSchema } from '@timer-platform/callback-types';
import type { z } from 'zod';

/** Statuses of errors that some routes answer with. */
type RouteError = 400 | 404 | 409 | 413 | 415;

/** What every route behind the keys can answer. */
const ALWAYS = {
  401: errorResponseSchema,
  403: errorResponseSchema,
  429: errorResponseSchema,
  500: errorResponseSchema,
};

/** The body of a response that succeeded. */
export function success<Data>(data: Data): { code: 0; message: 'success'; data: Data } {
  return { code: 0, message: 'success', data };
}

/** What a route can answer, for the OpenAPI document: answers are written as they are, without a second check. */
export function responses<Status extends 200 | 201, Success extends z.ZodType>(
  status: Status,
  success: Success,
  errors: readonly RouteError[],
): typeof ALWAYS & Partial<Record<RouteError, typeof errorResponseSchema>> & Record<Status, Success> {
  const failures: Partial<Record<RouteError, typeof errorResponseSchema>> = {};
  for (const code of errors) failures[code] = errorResponseSchema;
  const successes = { [status]: success } as Record<Status, Success>;
  return { ...ALWAYS, ...failures, ...successes };
}
