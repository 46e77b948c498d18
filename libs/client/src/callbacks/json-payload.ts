import { findJsonIssue, type JsonValue, LIMITS } from '@timer-platform/callback-types';
import { PayloadError } from './payload-error.ts';

/** Drops members that are `undefined`, as JSON.stringify does. Bounded in depth: deeper values are refused anyway. */
function withoutUndefined(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > LIMITS.jsonDepth) return value;
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not a Date or another instance of a class: findJsonIssue refuses those.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, withoutUndefined(member, depth + 1)]),
  );
}

/**
 * The payload as it is sent.
 *
 * @returns undefined if there is none
 * @throws {PayloadError} if JSON or PostgreSQL cannot represent it, such as a Date or a number beyond 2^53
 */
export function jsonPayload(callback: string, payload: unknown): JsonValue | undefined {
  if (payload === undefined) return undefined;
  const value = withoutUndefined(payload);
  const issue = findJsonIssue(value);
  if (issue !== undefined)
    throw new PayloadError(callback, [{ path: issue.path.join('.'), message: issue.message }]);
  return value as JsonValue;
}
