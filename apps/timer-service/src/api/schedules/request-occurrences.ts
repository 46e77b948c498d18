import type { HeaderKeys, RequestedOccurrence, ScheduleRow } from '@timer-platform/database';
import {
  occurrenceHeadersToStore,
  type PlainHeaders,
  scheduleHeaders,
} from '../../schedules/occurrence-headers.ts';
import { ApiError } from '../http/api-error.ts';

/**
 * The headers of the callback of a schedule, in plain text.
 *
 * @throws {ApiError} code 1 when no key decrypts them
 */
export function readableHeaders(row: ScheduleRow, headerKeys: HeaderKeys): PlainHeaders {
  const { headers } = Object(row.callback_config) as { readonly headers?: RequestedOccurrence['headers'] };
  const read = scheduleHeaders(row.id, headers, headerKeys);
  if ('problem' in read) throw new ApiError('internal', `the schedule cannot be delivered: ${read.problem}`);
  return read.headers;
}

/** An occurrence of a schedule with headers of its own. */
export function requestedOccurrence(
  row: ScheduleRow,
  headers: PlainHeaders,
  headerKeys: HeaderKeys,
  occurrence: Pick<RequestedOccurrence, 'id' | 'scheduledForMs' | 'executeAtMs'> & {
    readonly origin: 'backfill' | 'trigger';
  },
): RequestedOccurrence {
  const { id, scheduledForMs, executeAtMs, origin } = occurrence;
  const values = { key: row.key, scheduledForMs, origin };
  return {
    id,
    scheduledForMs,
    executeAtMs,
    headers: occurrenceHeadersToStore(id, headers, values, headerKeys),
  };
}
