import type { ScheduleSummaryRow } from '@timer-platform/database';
import { z } from 'zod';
import { errorOf } from '../http/api-error.ts';

const ifMatch = z
  .string()
  .regex(/^(?:\*|(?:W\/)?"\d{1,9}")$/, { error: 'must be a revision in double quotes, such as "3", or *' })
  .optional()
  .meta({ description: 'Only if the schedule has this revision, as in ETag' });

/** Headers of a request that changes a schedule. Loose, because validation must not remove other headers. */
export const ifMatchHeadersSchema = z.looseObject({ 'if-match': ifMatch });

/** Headers of a request that stores a schedule. */
export const putScheduleHeadersSchema = z.looseObject({
  'if-match': ifMatch,
  'if-none-match': z
    .literal('*', { error: 'must be *' })
    .optional()
    .meta({ description: '*: only if there is no such schedule' }),
});

/** The conditions of a request. */
export interface RevisionConditions {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}

/** The revision that a request asks for; undefined if any will do. */
export function requestedRevision({ 'if-match': text }: RevisionConditions): number | undefined {
  const digits = /\d+/.exec(text ?? '')?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** The entity tag of a schedule. */
export function entityTag({ revision }: Pick<ScheduleSummaryRow, 'revision'>): string {
  return `"${revision}"`;
}

/**
 * Checks the conditions of a request against the schedule that it is about, if there is one.
 *
 * @throws {ApiError} code 12 when one does not hold
 */
export function checkConditions(
  conditions: RevisionConditions,
  row: Pick<ScheduleSummaryRow, 'revision'> | undefined,
): void {
  if (row !== undefined && conditions['if-none-match'] !== undefined)
    throw errorOf('schedule_exists', 'a schedule has this key');
  if (conditions['if-match'] === undefined) return;
  if (row === undefined) throw errorOf('revision_mismatch', 'there is no schedule with this key');
  const wanted = requestedRevision(conditions);
  if (wanted !== undefined && wanted !== row.revision)
    throw errorOf('revision_mismatch', `the schedule has revision ${row.revision}, not ${wanted}`);
}
