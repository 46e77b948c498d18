import { createHash } from 'node:crypto';
import {
  type Database,
  findTimers,
  type IdempotencyKey,
  type InsertResult,
  type TimerSummaryRow,
} from '@timer-platform/database';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.ts';

/** Header of a response with timers that an earlier request created. */
export const REPLAYED_HEADER = 'idempotent-replayed';

/** JSON text that does not depend on the order of fields or the formatting of the body. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** Returns what identifies a repetition of this request; undefined without an Idempotency-Key. */
export function idempotencyOf(request: FastifyRequest): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return undefined;
  const requestHash = createHash('sha256')
    .update(`${request.routeOptions.url ?? ''}\n${canonicalJson(request.body)}`)
    .digest();
  return { client: request.apiKey?.name ?? '', key, requestHash };
}

/**
 * Returns the current state of the timers that the first request with this key created.
 *
 * @throws {ApiError} code 7 when that was a different request, or its timers were deleted
 */
export async function repeatedTimers(
  db: Database,
  { sameRequest, timerIds }: Extract<InsertResult, { outcome: 'repeated' }>,
): Promise<TimerSummaryRow[]> {
  if (!sameRequest)
    throw new ApiError(
      'idempotencyConflict',
      'this Idempotency-Key was used with another request; use a new key',
    );
  const timers = await findTimers(db, timerIds);
  if (timers.length < timerIds.length)
    throw new ApiError(
      'idempotencyConflict',
      'the timers of this Idempotency-Key were deleted; use a new key',
    );
  return timers;
}
