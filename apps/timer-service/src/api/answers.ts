import { errorResponseSchema } from '@timer-platform/callback-types';
import type { z } from 'zod';

/** Statuses of errors that some routes answer with, beside 401, 403, 429 and 500 that all behind the keys do. */
export type RouteError = 400 | 404 | 409 | 413 | 415;

/** What a route can answer, for the OpenAPI document: answers are written as they are, without a second check. */
export function answers<Status extends 200 | 201, Success extends z.ZodType>(
  status: Status,
  success: Success,
  errors: readonly RouteError[],
): Record<Status, Success> & Partial<Record<RouteError | 401 | 403 | 429 | 500, typeof errorResponseSchema>> {
  const failures = [...errors, 401, 403, 429, 500].map((code) => [code, errorResponseSchema]);
  return { [status]: success, ...Object.fromEntries(failures) };
}
