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

/** Header of an answer that tells of timers made by an earlier request. */
export const REPLAYED_HEADER = 'idempotent-replayed';

/** JSON text in which the order of fields and the spelling of the body no longer show. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** What makes this request the same as an earlier one; `undefined` when it came without an Idempotency-Key. */
export function idempotencyOf(request: FastifyRequest): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return undefined;
  const requestHash = createHash('sha256')
    .update(`${request.routeOptions.url ?? ''}\n${canonicalJson(request.body)}`)
    .digest();
  return { client: request.apiKey?.name ?? '', key, requestHash };
}

/**
 * The timers that the first request with this key made, as they are now.
 *
 * @throws {ApiError} code 7 when that was another request, or its timers are gone
 */
export async function repeatedTimers(
  db: Database,
  { sameRequest, timerIds }: Extract<InsertResult, { outcome: 'repeated' }>,
): Promise<TimerSummaryRow[]> {
  if (!sameRequest)
    throw new ApiError('idempotencyConflict', 'this Idempotency-Key was used with another request');
  const timers = await findTimers(db, timerIds);
  if (timers.length < timerIds.length)
    throw new ApiError('idempotencyConflict', 'the timers of this Idempotency-Key have been deleted since');
  return timers;
}
