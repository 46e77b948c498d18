import { PayloadError, payloadIssue } from './payload-error.ts';
import type { StandardResult, StandardSchema } from './standard-schema.ts';

function outputOf<Output>(callback: string, result: StandardResult<Output>): Output {
  if (result.issues === undefined) return result.value;
  throw new PayloadError(callback, result.issues.map(payloadIssue));
}

/**
 * Validates without waiting.
 *
 * @throws {PayloadError} if the payload is invalid
 * @throws {TypeError} if the schema is asynchronous
 */
export function validateSync<Output>(
  callback: string,
  schema: StandardSchema<unknown, Output>,
  payload: unknown,
): Output {
  const result = schema['~standard'].validate(payload);
  if (!(result instanceof Promise)) return outputOf(callback, result);
  // Its result is not used.
  result.catch(() => undefined);
  throw new TypeError(`The schema of callback "${callback}" is asynchronous: call toAsync instead of to`);
}

/**
 * Validates with a synchronous or an asynchronous schema.
 * @throws {PayloadError} if the payload is invalid
 */
export async function validate<Output>(
  callback: string,
  schema: StandardSchema<unknown, Output>,
  payload: unknown,
): Promise<Output> {
  return outputOf(callback, await schema['~standard'].validate(payload));
}
