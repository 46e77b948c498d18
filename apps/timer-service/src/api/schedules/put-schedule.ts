import {
  editSchedule,
  findSchedule,
  hasContent,
  insertSchedule,
  NO_WITHDRAWAL,
  type ScheduleContent,
  type ScheduleKey,
  type ScheduleRow,
  type Withdrawal,
} from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import { ApiError, errorOf } from '../http/api-error.ts';
import { decideUndecided } from './decide-undecided.ts';
import { checkConditions, type RevisionConditions } from './revision-condition.ts';

export interface PutScheduleResult {
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly withdrawal: Withdrawal;
}

/** How long occurrences of the past are decided, and how often others may write the schedule meanwhile. */
const PATIENCE_MS = 10_000;

/**
 * Stores a schedule, or gives the one with this key other content. Does nothing if it has this content.
 *
 * @throws {ApiError} code 12 when a condition does not hold, code 13 when the client has too many schedules
 */
export async function putSchedule(
  context: ApiContext,
  key: ScheduleKey,
  content: ScheduleContent,
  conditions: RevisionConditions,
): Promise<PutScheduleResult> {
  const giveUpAt = context.clock.monotonicMs() + PATIENCE_MS;
  while (context.clock.monotonicMs() < giveUpAt) {
    const row = await findSchedule(context.db, key);
    checkConditions(conditions, row);
    const result =
      row === undefined ? await create(context, key, content) : await change(context, row, content);
    if (result !== undefined) return result;
  }
  throw new ApiError(
    'internal',
    'nothing was changed: the schedule has too many occurrences of the past to decide first; try again',
  );
}

/** undefined: another request has stored the schedule. */
async function create(
  { db, settings, headerKeys }: ApiContext,
  key: ScheduleKey,
  content: ScheduleContent,
): Promise<PutScheduleResult | undefined> {
  const { schedulesPerClient } = settings;
  const id = await insertSchedule(db, key, content, schedulesPerClient, headerKeys);
  if (id !== undefined) return { outcome: 'created', withdrawal: NO_WITHDRAWAL };
  if ((await findSchedule(db, key)) !== undefined) return undefined;
  throw errorOf(
    'too_many_schedules',
    `the client "${key.client}" has ${schedulesPerClient} schedules, as many as SCHEDULES_PER_CLIENT allows: delete some, or raise it`,
  );
}

/** undefined: the schedule has to be read again. */
async function change(
  context: ApiContext,
  row: ScheduleRow,
  content: ScheduleContent,
): Promise<PutScheduleResult | undefined> {
  const { db, headerKeys } = context;
  if (hasContent(row, content, headerKeys)) return { outcome: 'unchanged', withdrawal: NO_WITHDRAWAL };
  const decided = await decideUndecided(context, row);
  if (decided === 'again') return undefined;
  const withdrawal = await editSchedule(db, row, content, decided.until, headerKeys);
  return withdrawal && { outcome: 'changed', withdrawal };
}
