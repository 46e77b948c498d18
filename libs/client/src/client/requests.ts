import type {
  CreateTimerRequest,
  ListActionsQuery,
  ListTimersQuery,
  TimerFilter,
  UpdateTimerRequest,
} from '@timer-platform/callback-types';
import { TimerError } from './errors.ts';

/** The instants of a request may also be a `Date`. */
type WithDates<Request> = Omit<Request, 'execute_at' | 'expires_at'> & {
  readonly execute_at?: string | Date | undefined;
  readonly expires_at?: string | Date | null | undefined;
};

/** A timer to store: `execute_at` or `delay`, `callback`, and what else the API accepts. */
export type NewTimer = WithDates<CreateTimerRequest>;

/** The fields of a timer to change; absent ones are kept, `null` clears. */
export type TimerChanges = WithDates<UpdateTimerRequest>;

/** The filters by an instant, which can be a `Date`. */
export type TimerRangeField = 'due_from' | 'due_before' | 'created_from' | 'created_before';

/**
 * Which timers to list, and in which order. `limit` is the size of a page. `metadata` is an object that the metadata must
 * contain, or its JSON.
 */
export type ListQuery = {
  readonly [Name in Exclude<keyof ListTimersQuery, TimerRangeField | 'metadata'>]?:
    ListTimersQuery[Name] | undefined;
} & {
  readonly [Name in TimerRangeField]?: string | Date | undefined;
} & {
  readonly metadata?: string | TimerFilter['metadata'];
};

/** Where in the audit log to start. `limit` is the size of a page. */
export type ActionQuery = {
  readonly [Name in keyof ListActionsQuery]?: ListActionsQuery[Name] | undefined;
};

/** Up to when a forecast reaches, an instant or a duration from now, in buckets of which length. */
export interface ForecastRequest {
  readonly until?: string | Date | undefined;
  readonly bucket?: string | undefined;
  readonly by?: 'destination' | undefined;
}

/** Refused before it is sent, like the service refuses it. */
export function invalidRequest(label: string, path: string, message: string, cause?: unknown): TimerError {
  const issues = [{ path, message }];
  return new TimerError('validation', `${label} was not sent: ${path}: ${message}`, {
    code: 2,
    issues,
    cause,
  });
}

/**
 * Serializes a body. An invalid `Date` is refused: as JSON it is null, which would clear a field.
 *
 * @throws {TimerError} `validation` if JSON cannot represent it
 */
export function serializeBody(label: string, body: unknown): string {
  try {
    return JSON.stringify(body, function (this: unknown, name: string, value: unknown) {
      const original: unknown = (this as Record<string, unknown>)[name];
      if (original instanceof Date && value === null) throw new TypeError(`${name} is an invalid Date`);
      return value;
    });
  } catch (error) {
    throw invalidRequest(label, 'body', error instanceof Error ? error.message : 'is not JSON', error);
  }
}

/** Any UUID, as the column of the ids accepts it. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws {TimerError} `validation` if it is not an id of a timer, which could lead to another path */
export function checkId(label: string, id: string): string {
  if (typeof id === 'string' && UUID.test(id)) return id;
  throw invalidRequest(label, 'path.id', 'must be a UUID');
}

/** @throws {TimerError} `validation` if no header could carry it */
export function checkIdempotencyKey(label: string, key: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const message = 'must have 1 to 255 visible ASCII characters, without spaces';
  throw invalidRequest(label, 'headers.idempotency-key', message);
}

/**
 * Returns a key of a timer for a path.
 *
 * @throws {TimerError} `validation` if it is not one; `.` and `..` would lead to another path
 */
export function keyInPath(label: string, key: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(key) && key !== '.' && key !== '..') return encodeURIComponent(key);
  const message = 'must have 1 to 255 visible ASCII characters, without spaces, and not be . or ..';
  throw invalidRequest(label, 'path.key', message);
}

export function queryString(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.append(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** @throws {TimerError} `validation` if it is an invalid Date */
export function instantText(
  label: string,
  name: string,
  instant: string | Date | undefined,
): string | undefined {
  if (!(instant instanceof Date)) return instant;
  if (Number.isNaN(instant.getTime())) throw invalidRequest(label, `query.${name}`, 'is an invalid Date');
  return instant.toISOString();
}

/** @throws {TimerError} `validation` for an invalid Date, or metadata that JSON cannot represent */
export function listParameters(query: ListQuery): string {
  const label = 'GET /timers';
  const { metadata, due_from, due_before, created_from, created_before, ...rest } = query;
  const ranges = { due_from, due_before, created_from, created_before };
  const instants: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(ranges)) instants[name] = instantText(label, name, value);
  const text = typeof metadata === 'object' ? serializeBody(label, metadata) : metadata;
  return queryString({ ...rest, ...instants, metadata: text });
}
