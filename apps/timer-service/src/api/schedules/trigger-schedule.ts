import type { TimerSummary } from '@timer-platform/callback-types';
import { findTimers, insertOccurrences, newTimerId, type ScheduleKey } from '@timer-platform/database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from '../api-context.ts';
import { idempotencyOf, repeatedTimers, REPLAYED_HEADER } from '../timers/idempotency.ts';
import { presentSummary } from '../timers/present-timer.ts';
import { findOwnSchedule } from './find-own-schedule.ts';
import { readableHeaders, requestedOccurrence } from './request-occurrences.ts';

/** How often the schedule may be changed between the two statements of a try. */
const MAX_TRIES = 10;

/**
 * Stores an occurrence of a schedule that is due now, also while it is paused. Returns that of an earlier request with the
 * same Idempotency-Key.
 *
 * @throws {ApiError} code 3 when there is no such schedule, code 7 for an Idempotency-Key of another request
 */
export async function triggerSchedule(
  { db, headerKeys, wake }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  key: ScheduleKey,
): Promise<TimerSummary> {
  const idempotency = await idempotencyOf(request, [{ key: key.key }]);
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const row = await findOwnSchedule(db, key);
    const nowMs = row.now.getTime();
    const occurrence = requestedOccurrence(row, readableHeaders(row, headerKeys), headerKeys, {
      id: newTimerId(),
      scheduledForMs: nowMs,
      executeAtMs: nowMs,
      origin: 'trigger',
    });
    const result = await insertOccurrences(db, row, 'trigger', [occurrence], idempotency);
    if (result.outcome === 'schedule-changed') continue;
    if (result.outcome === 'repeated') void reply.header(REPLAYED_HEADER, 'true');
    else wake();
    const [timer] =
      result.outcome === 'repeated'
        ? await repeatedTimers(db, result)
        : await findTimers(
            db,
            result.occurrences.map(({ id }) => id),
          );
    if (timer === undefined) throw new Error('the occurrence that was stored is gone');
    return presentSummary(timer);
  }
  throw new Error('the schedule changed during every try to trigger it');
}
