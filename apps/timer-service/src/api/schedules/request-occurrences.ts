import {
  decryptHeaders,
  encryptHeaderText,
  type HeaderKeys,
  type RequestedOccurrence,
  type ScheduleRow,
} from '@timer-platform/database';
import { occurrenceHeaders } from '../../schedules/occurrence-headers.ts';
import { ApiError } from '../http/api-error.ts';

type Headers = Readonly<Record<string, unknown>>;

/**
 * The headers of the callback of a schedule, in plain text.
 *
 * @throws {ApiError} code 1 when no key decrypts them
 */
export function scheduleHeaders(row: ScheduleRow, headerKeys: HeaderKeys): Headers {
  const callback = decryptHeaders(headerKeys, row.id, row.callback_config);
  if (!callback.ok) throw new ApiError('internal', `the schedule cannot be delivered: ${callback.reason}`);
  const { headers } = Object(callback.config) as { readonly headers?: unknown };
  return typeof headers === 'object' && headers !== null && !Array.isArray(headers) ? { ...headers } : {};
}

/** An occurrence of a schedule with headers of its own. */
export function requestedOccurrence(
  row: ScheduleRow,
  headers: Headers,
  headerKeys: HeaderKeys,
  occurrence: Pick<RequestedOccurrence, 'id' | 'scheduledForMs' | 'executeAtMs'> & {
    readonly origin: 'backfill' | 'trigger';
  },
): RequestedOccurrence {
  const { id, scheduledForMs, executeAtMs, origin } = occurrence;
  const all = { ...headers, ...occurrenceHeaders({ key: row.key, scheduledForMs, origin }) };
  const text = JSON.stringify(all);
  return {
    id,
    scheduledForMs,
    executeAtMs,
    headers: encryptHeaderText(headerKeys, id, text) ?? (JSON.parse(text) as RequestedOccurrence['headers']),
  };
}
