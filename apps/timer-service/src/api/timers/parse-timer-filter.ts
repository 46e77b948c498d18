import type {
  JsonValue,
  ListTimersQuery,
  TimerFilter,
  ValidationIssue,
} from '@timer-platform/callback-types';
import type { TimerFilter as StoredFilter } from '@timer-platform/database';
import { validationError } from '../http/api-error.ts';
import { findLossyNumber } from '../http/lossy-number.ts';
import { issuePath } from '../http/validation.ts';
import { INSTANT_RANGE, normalizeInstant } from './normalize-instant.ts';

/** The filters of a list and of a bulk request. A list has its metadata as text. */
type FilterFields = Omit<TimerFilter, 'metadata'> & {
  readonly metadata?: string | TimerFilter['metadata'] | undefined;
  readonly failed_from?: string | undefined;
  readonly failed_before?: string | undefined;
};

function jsonText(value: string | JsonValue | undefined): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Converts the filters of a request.
 *
 * @param prefix of the paths of issues
 * @throws {ApiError} code 2: a filter that cannot be applied must not match everything
 */
export function parseTimerFilter(fields: FilterFields, prefix = ''): StoredFilter {
  const issues: ValidationIssue[] = [];
  const instantOf = (name: keyof FilterFields): string | undefined => {
    const text = fields[name];
    if (typeof text !== 'string') return undefined;
    const instant = normalizeInstant(text);
    if (instant === undefined) issues.push({ path: `${prefix}${name}`, message: INSTANT_RANGE });
    return instant;
  };
  const filter = {
    callbackType: fields.callback_type,
    destination: fields.destination,
    dueFrom: instantOf('due_from'),
    dueBefore: instantOf('due_before'),
    createdFrom: instantOf('created_from'),
    createdBefore: instantOf('created_before'),
    failedFrom: instantOf('failed_from'),
    failedBefore: instantOf('failed_before'),
    metadata: jsonText(fields.metadata),
    lastError: fields.last_error,
    schedule: fields.schedule,
    key: fields.key,
    ids: fields.ids,
  };
  if (issues.length > 0) throw validationError(issues);
  return filter;
}

/**
 * Converts the filters of a list.
 *
 * @throws {ApiError} code 2, also for a number in `metadata` that would not arrive as it was sent
 */
export async function parseListFilter(query: ListTimersQuery): Promise<StoredFilter> {
  const { metadata, status } = query;
  const lossy = metadata === undefined ? undefined : await findLossyNumber(metadata);
  if (lossy !== undefined)
    throw validationError([
      { path: issuePath('querystring', ['metadata', ...lossy.path]), message: lossy.message },
    ]);
  return { ...parseTimerFilter(query, 'query.'), status };
}
