import {
  type DueScheduleRow,
  isDataError,
  type ScheduleDecision,
  turnTaker,
  type WrittenDecision,
} from '@timer-platform/database';
import { type DecideOptions, decideSchedule, type ScheduleStep } from '../schedules/decide-schedule.ts';
import type { ScheduleObserver } from './schedule-observer.ts';
import type { ScheduleStatements } from './statements.ts';

export interface PassOptions {
  readonly statements: ScheduleStatements;
  readonly decide: Omit<DecideOptions, 'limits'>;
  readonly observer: ScheduleObserver;
  /** Occurrences were stored, the first of which is due then (milliseconds since 1970). */
  readonly onStored: (dueMs: number) => void;
}

export interface PassResult {
  /** Schedules that were due. */
  readonly due: number;
  /** Those about which something was written. */
  readonly written: number;
}

/** The most schedules that a pass reads. */
const MAX_SCHEDULES = 250;
/** The most occurrences of one schedule in a pass, created or skipped. */
const LIMITS = { maxCreate: 500, maxDecide: 1_000 };
/** After so many decided occurrences, a pass writes and leaves the other schedules to the next one. */
const MAX_DECIDED = 5_000;
/** The most occurrences in one statement. */
const MAX_OCCURRENCES = 2_000;
/** The callbacks that one statement may store, in bytes. */
const MAX_BYTES = 16 * 1_048_576;
/** Process with older time zone data than a schedule was computed with wait this long for one that has it. */
const NEWER_DATA_GRACE_MS = 4_000;

interface PlannedWrite {
  readonly row: DueScheduleRow;
  readonly decision: ScheduleDecision;
}

/** Divides decisions so that no statement stores too much. */
function divideWrites(writes: readonly PlannedWrite[]): PlannedWrite[][] {
  const batches: PlannedWrite[][] = [];
  let batch: PlannedWrite[] = [];
  let occurrences = 0;
  let bytes = 0;
  for (const write of writes) {
    const count = write.decision.occurrences.length;
    const size = count * write.row.bytes;
    if (batch.length > 0 && (occurrences + count > MAX_OCCURRENCES || bytes + size > MAX_BYTES)) {
      batches.push(batch);
      batch = [];
      occurrences = 0;
      bytes = 0;
    }
    batch.push(write);
    occurrences += count;
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/**
 * One pass: reads schedules that are due, decides about each, and writes the decisions. Holds no lock and no transaction
 * in between: whatever changes meanwhile wins.
 */
export async function materializePass(options: PassOptions): Promise<PassResult> {
  const { statements, decide } = options;
  const rows = await statements.findDue({
    limit: MAX_SCHEDULES,
    timeZoneData: decide.timeZoneData,
    newerDataGraceMs: NEWER_DATA_GRACE_MS,
  });
  const writes: PlannedWrite[] = [];
  const problems: string[] = [];
  let written = 0;
  let decided = 0;
  const endTurn = turnTaker();
  for (const row of rows) {
    if (decided >= MAX_DECIDED) break;
    await endTurn();
    const step = decideSchedule(row, { ...decide, limits: LIMITS });
    if (step.kind === 'pause') written += await pause(options, row, step);
    else {
      writes.push({ row, decision: step.decision });
      decided += decidedBy(step.decision);
    }
    if (step.kind === 'postpone') problems.push(step.problem);
  }
  for (const batch of divideWrites(writes)) written += await write(options, batch);
  if (problems[0] !== undefined) options.observer.postponed(problems.length, problems[0]);
  return { due: rows.length, written };
}

function decidedBy({ occurrences, skips }: ScheduleDecision): number {
  return skips.reduce((sum, { count }) => sum + count, occurrences.length);
}

async function pause(
  { statements, observer }: PassOptions,
  { id, fence }: DueScheduleRow,
  { reason, note }: Extract<ScheduleStep, { readonly kind: 'pause' }>,
): Promise<number> {
  if (!(await statements.pause({ id, fence, reason, note }))) {
    observer.lost(1);
    return 0;
  }
  observer.paused(id, reason, note);
  return 1;
}

/** Writes a batch. If a value in it is invalid, halves it until the culprit is alone, which is then paused. */
async function write(options: PassOptions, batch: readonly PlannedWrite[]): Promise<number> {
  const decisions = batch.map(({ decision }) => decision);
  let written: WrittenDecision[];
  try {
    written = await options.statements.materialize(decisions);
  } catch (error) {
    if (!isDataError(error)) throw error;
    const [first] = batch;
    if (first === undefined || batch.length > 1) return writeHalves(options, batch);
    const note = `its occurrences cannot be stored: ${describeDataError(error)}`;
    return pause(options, first.row, { kind: 'pause', reason: 'unreadable', note });
  }
  const { observer, onStored } = options;
  observer.decided(decisions, written);
  if (written.length < batch.length) observer.lost(batch.length - written.length);
  const dueMs = Math.min(...written.map((each) => each.dueMs ?? Number.POSITIVE_INFINITY));
  if (Number.isFinite(dueMs)) onStored(dueMs);
  return written.length;
}

async function writeHalves(options: PassOptions, batch: readonly PlannedWrite[]): Promise<number> {
  const middle = Math.ceil(batch.length / 2);
  const first = await write(options, batch.slice(0, middle));
  return first + (await write(options, batch.slice(middle)));
}

/** Without the message of the server, which may contain values. */
function describeDataError(error: unknown): string {
  const { code, constraint } = error as { readonly code?: string; readonly constraint?: string };
  return constraint === undefined ? `SQLSTATE ${code ?? 'unknown'}` : `it violates ${constraint}`;
}
