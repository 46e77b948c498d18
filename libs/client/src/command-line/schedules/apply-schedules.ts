import type {
  PreviewScheduleRequest,
  PutScheduleRequest,
  Schedule,
  ValidationIssue,
} from '@timer-platform/callback-types';
import { type AnyTimerError, TimerError } from '../../client/errors.ts';
import type { ScheduleClient } from '../../client/schedule-client.ts';
import type { DeletedSchedule } from '../../client/schedule-shapes.ts';
import { type FieldChange, scheduleChanges } from './schedule-changes.ts';
import type { FileIssue, FileSchedule, ScheduleFile } from './schedule-file.ts';

export type ApplyAction = 'created' | 'changed' | 'unchanged' | 'pruned';

/** What is to be done, or was done, with one schedule. */
export interface AppliedSchedule {
  readonly key: string;
  readonly action: ApplyAction;
  readonly changes: readonly FieldChange[];
  /** What became of its occurrences; absent in a dry run, and if nothing was done. */
  readonly withdrawal?: Pick<DeletedSchedule, 'withdrawn_count' | 'running'>;
}

/** Requests at a time. */
const CONCURRENCY = 8;

async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
  return results;
}

function previewOf(request: PutScheduleRequest): Omit<PreviewScheduleRequest, 'count'> & { count: number } {
  const { cron, every, phase, time_zone, exclude, start_at, end_at, max_occurrences } = request;
  return { cron, every, phase, time_zone, exclude, start_at, end_at, max_occurrences, count: 1 };
}

/** What the service finds wrong with the timing of schedules: expressions and time zones that it does not know. */
export async function checkTimings(client: ScheduleClient, file: ScheduleFile): Promise<FileIssue[]> {
  const found = await inParallel(file.schedules, async ({ key, request }): Promise<FileIssue[]> => {
    try {
      await client.preview(previewOf(request));
      return [];
    } catch (error) {
      if (!(error instanceof TimerError) || error.kind !== 'validation') throw error;
      const issues: readonly ValidationIssue[] =
        error.issues.length > 0 ? error.issues : [{ path: '', message: error.message }];
      return issues.map(({ path, message }) => ({
        line: file.lineOf(key, path.split('.')),
        path: `schedules.${key}.${path}`,
        message,
      }));
    }
  });
  return found.flat();
}

async function find(client: ScheduleClient, key: string): Promise<Schedule | undefined> {
  try {
    return await client.get(key);
  } catch (error) {
    if (error instanceof TimerError && error.reason === 'schedule_not_found') return undefined;
    throw error;
  }
}

interface Planned extends AppliedSchedule {
  /** undefined: delete it. */
  readonly request: PutScheduleRequest | undefined;
}

async function planOne(client: ScheduleClient, { key, request }: FileSchedule): Promise<Planned> {
  const stored = await find(client, key);
  if (stored === undefined) return { key, request, action: 'created', changes: [] };
  const changes = scheduleChanges(stored, request);
  return { key, request, action: changes.length > 0 ? 'changed' : 'unchanged', changes };
}

/**
 * Compares a file with what is stored.
 *
 * @param prune also the schedules with the prefix of the file that are not in it
 */
export async function planSchedules(
  client: ScheduleClient,
  file: ScheduleFile,
  prune: boolean,
): Promise<Planned[]> {
  const planned = await inParallel(file.schedules, (schedule) => planOne(client, schedule));
  if (!prune || file.prefix === undefined) return planned;
  const kept = new Set(file.schedules.map(({ key }) => key));
  for await (const { key } of client.list({ prefix: file.prefix }))
    if (!kept.has(key)) planned.push({ key, request: undefined, action: 'pruned', changes: [] });
  return planned;
}

async function applyOne(client: ScheduleClient, planned: Planned): Promise<AppliedSchedule> {
  const { key, request, action, changes } = planned;
  if (request === undefined) {
    const deleted = await client.delete(key);
    return { key, action, changes, ...(deleted !== undefined && { withdrawal: deleted }) };
  }
  const put = await client.put(key, request);
  // The service compares secrets that are masked in what it shows.
  const done =
    !put.changed && action === 'changed'
      ? 'unchanged'
      : put.changed && action === 'unchanged'
        ? 'changed'
        : action;
  return { key, action: done, changes, ...(put.changed && { withdrawal: put }) };
}

export interface ApplyReport {
  readonly applied: (schedule: AppliedSchedule) => void;
  readonly failed: (key: string, error: AnyTimerError) => void;
}

/**
 * Applies a plan, one schedule after the other. A schedule that is refused does not hold up the others, but nothing is
 * pruned then.
 */
export async function applySchedules(
  client: ScheduleClient,
  planned: readonly Planned[],
  report: ApplyReport,
): Promise<void> {
  let failed = false;
  for (const schedule of planned) {
    if (schedule.request === undefined && failed) continue;
    try {
      report.applied(await applyOne(client, schedule));
    } catch (error) {
      if (!(error instanceof TimerError)) throw error;
      failed = true;
      report.failed(schedule.key, error);
    }
  }
}
