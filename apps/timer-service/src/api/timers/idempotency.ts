import { createHash } from 'node:crypto';
import { idempotencyKeySchema } from '@timer-platform/callback-types';
import {
  canonicalJson,
  type Database,
  findTimers,
  type IdempotencyKey,
  mapInTurns,
  type Repeated,
  type TimerSummaryRow,
} from '@timer-platform/database';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiKey } from '../auth/api-key.ts';
import { errorOf } from '../http/api-error.ts';

/** Header of a response with timers that an earlier request stored. */
export const REPLAYED_HEADER = 'idempotent-replayed';

/** Headers of a request that stores timers. Loose, because validation must not remove other headers from the request. */
export const creationHeadersSchema = z.looseObject({
  'idempotency-key': idempotencyKeySchema
    .optional()
    .meta({ description: 'Makes a repeated request return the timers of the first one' }),
});

/**
 * Identifies an API key in idempotency records: two keys with the same name, in two services, share none. The digest is
 * hashed again because it is a setting with which a key is accepted.
 */
function clientOf({ name, digest }: ApiKey): string {
  const id = createHash('sha256').update('idempotency ').update(digest).digest('hex');
  return `${name}:${id.slice(0, 32)}`;
}

/**
 * Returns what identifies a repetition of this request; undefined without an Idempotency-Key.
 *
 * @param items what the request says besides its path: the items of a batch, which are hashed one by one in several turns of the event loop
 */
export async function idempotencyOf(
  request: FastifyRequest,
  items: readonly unknown[],
): Promise<IdempotencyKey | undefined> {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || request.apiKey === null) return undefined;
  const hash = createHash('sha256').update(`${request.routeOptions.url ?? ''}\n`);
  await mapInTurns(items, (item) => hash.update(`${canonicalJson(item)}\n`));
  return { client: clientOf(request.apiKey), key, requestHash: hash.digest() };
}

/**
 * Returns the current state of the timers that the first request with this key stored.
 *
 * @throws {ApiError} code 7 when that was a different request, or its timers were deleted
 */
export async function repeatedTimers(
  db: Database,
  { sameRequest, timerIds }: Repeated,
): Promise<TimerSummaryRow[]> {
  if (!sameRequest)
    throw errorOf('different_request', 'this Idempotency-Key was used with another request; use a new key');
  const timers = await findTimers(db, timerIds);
  if (timers.length < timerIds.length)
    throw errorOf('timers_deleted', 'the timers of this Idempotency-Key were deleted; use a new key');
  return timers;
}
