import type { TimerError } from '../client/errors.ts';
import { isObject } from '../client/json-object.ts';
import { errorFromBody } from '../client/parse-response.ts';

/** Kysely and pg throw the error of the server; Drizzle and Prisma wrap it. */
const MAX_DEPTH = 5;

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the {@link TimerError} that the functions of the platform describe in the DETAIL of an error, or undefined for
 * any other error. Its `cause` is the error of the driver.
 */
export function timerErrorOf(label: string, error: unknown): TimerError | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && isObject(current); depth += 1) {
    const { detail, message } = current;
    const body = typeof detail === 'string' ? parseObject(detail) : undefined;
    if (typeof body?.['code'] === 'number')
      return errorFromBody(label, { ...body, code: body['code'], message }, { cause: error });
    current = current['cause'];
  }
  return undefined;
}
