import { type Database, findSchedule, type ScheduleKey, type ScheduleRow } from '@timer-platform/database';
import type { FastifyRequest } from 'fastify';
import { clientNameOf } from '../auth/authenticate.ts';
import { errorOf } from '../http/api-error.ts';

/** The key of a schedule in the path of a request. */
export function scheduleKeyOf(request: FastifyRequest, { key }: { readonly key: string }): ScheduleKey {
  return { client: clientNameOf(request), key };
}

/** Code 3 for a key that the client has no schedule with. */
function scheduleNotFound(): Error {
  return errorOf('schedule_not_found', 'schedule not found');
}

/**
 * Finds the schedule with this key.
 *
 * @throws {ApiError} code 3 when there is none
 */
export async function findOwnSchedule(db: Database, key: ScheduleKey): Promise<ScheduleRow> {
  const row = await findSchedule(db, key);
  if (row === undefined) throw scheduleNotFound();
  return row;
}
