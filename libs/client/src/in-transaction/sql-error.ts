import type { TimerError } from '../client/errors.ts';
import { isObject, type JsonObject } from '../client/json-object.ts';
import { errorFromBody } from '../client/parse-response.ts';

/** Kysely and pg throw the error of the server; Drizzle and Prisma wrap it. */
const MAX_DEPTH = 5;

/**
 * The unique violations of schedule_timer. Prisma does not keep the DETAIL of an error with this SQLSTATE, so that only
 * the message tells what it was.
 */
const UNIQUE_VIOLATIONS: Readonly<Record<string, { readonly code: number; readonly reason: string }>> = {
  'this idempotency_key was used with another request; use a new key': {
    code: 7,
    reason: 'different_request',
  },
  'the timer of this idempotency_key was deleted; use a new key': { code: 7, reason: 'timers_deleted' },
};

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What an error says of itself, without those that it wraps. */
function bodyOf({ detail, kind, originalMessage }: JsonObject): JsonObject | undefined {
  if (typeof detail === 'string') return parseObject(detail);
  if (kind === 'UniqueConstraintViolation' && typeof originalMessage === 'string')
    return UNIQUE_VIOLATIONS[originalMessage];
  return undefined;
}

/** The error that an error wraps: as `cause`, or as Prisma 7 does in the error of a raw query (P2010). */
function wrappedBy({ cause, meta }: JsonObject): unknown {
  return cause ?? (isObject(meta) ? meta['driverAdapterError'] : undefined);
}

/**
 * Returns the {@link TimerError} that the functions of the platform describe in the DETAIL of an error, or undefined for
 * any other error. Its `cause` is the error of the driver.
 */
export function timerErrorOf(label: string, error: unknown): TimerError | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && isObject(current); depth += 1) {
    const body = bodyOf(current);
    const message = current['message'] ?? current['originalMessage'];
    if (typeof body?.['code'] === 'number')
      return errorFromBody(label, { ...body, code: body['code'], message }, { cause: error });
    current = wrappedBy(current);
  }
  return undefined;
}
