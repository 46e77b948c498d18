import type { CatchUp, Origin, Overlap, SkipReason } from '@timer-platform/callback-types';
import { jitterOf } from './jitter.ts';
import type { Recurrence } from './recurrence/index.ts';

/** What the plan needs of a schedule. All instants are milliseconds since 1970 by the database's clock. */
export interface PlannedSchedule {
  readonly id: string;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  readonly catchUpWindowMs: number;
  readonly catchUpSpacingMs: number;
  readonly jitterMs: number;
  readonly maxOccurrences: number | null;
  /** So far. */
  readonly occurrences: number;
  /** Every occurrence up to here is decided. */
  readonly cursorMs: number;
  /** The occurrence that waits for its predecessor to finish. */
  readonly bufferedForMs: number | null;
  /** When the last occurrence of a spaced catch-up is due. */
  readonly catchUpUntilMs: number | null;
  /** The run of skips that the next skip extends. */
  readonly openRun: SkipRun | null;
  /** A pause ended at `atMs`, and what it missed is not yet decided. */
  readonly resumed: { readonly atMs: number; readonly catchUp: CatchUp } | null;
  /** The schedule is paused until then; null: it is not paused. */
  readonly pausedUntilMs: number | null;
}

/** What the plan needs of the occurrences. */
export interface OccurrenceFacts {
  /** Whether an occurrence is pending or executing. Not needed if they may overlap. */
  readonly unfinished: boolean;
}

/** Adjacent occurrences that are skipped for one reason. */
export interface SkipRun {
  /** Nominal instant of the first one: the identity of the run. */
  readonly fromMs: number;
  readonly count: number;
  readonly reason: SkipReason;
}

/** A new run, or the part that extends the open one: `fromMs` is then that of the open run. */
export interface PlannedSkip extends SkipRun {
  /** Nominal instant of the last one. */
  readonly untilMs: number;
}

export interface PlannedOccurrence {
  /** The nominal instant. */
  readonly scheduledForMs: number;
  /** Not before the nominal instant, and later than the now of the plan. */
  readonly executeAtMs: number;
  readonly origin: Extract<Origin, 'schedule' | 'catch_up'>;
  /** How many missed occurrences this one stands for, without itself. */
  readonly missed: number;
}

/** What a pass decides about one schedule. */
export interface Plan {
  readonly create: readonly PlannedOccurrence[];
  readonly skips: readonly PlannedSkip[];
  /** Cancel the unclaimed predecessors of the first occurrence of `create`. */
  readonly cancelPrevious: boolean;
  readonly cursorMs: number;
  /** The first occurrence that is not decided; null: there is none. */
  readonly nextMs: number | null;
  /** When to look again; null: never. */
  readonly materializeMs: number | null;
  readonly bufferedForMs: number | null;
  readonly catchUpUntilMs: number | null;
  /** Start of the run that the next skip extends. */
  readonly skippingFromMs: number | null;
  /** As in the schedule, until everything up to it is decided. */
  readonly resumed: PlannedSchedule['resumed'];
  /** Occurrences are left that a bounded plan did not reach: they come next. */
  readonly more: boolean;
}

/** Bounds of one plan. */
export interface PlanLimits {
  /** Most occurrences to create; at least 1. */
  readonly maxCreate: number;
  /** Most occurrences to decide; at least 1. */
  readonly maxDecide: number;
}

/** How long before its nominal instant an occurrence is materialized at the latest. */
export const LEAD_MS = 5_000;
/** How far ahead a pass materializes. Beyond {@link LEAD_MS}, so that frequent schedules need a pass only now and then. */
export const HORIZON_MS = 10_000;
/** An occurrence that is decided later than this after its nominal instant was missed. */
export const MISSED_AFTER_MS = 10_000;
/** How often a buffered occurrence looks whether its predecessor has finished. */
const BUFFER_RECHECK_MS = 500;

type Decision =
  | { readonly kind: 'create'; readonly origin: PlannedOccurrence['origin'] }
  | { readonly kind: 'skip'; readonly reason: SkipReason };

/** Which policy applies to an occurrence. */
type Part = 'paused' | 'missed' | 'current';

/** The state of a plan in the making. */
class Draft {
  readonly #schedule: PlannedSchedule;
  readonly #nowMs: number;
  readonly create: PlannedOccurrence[] = [];
  readonly skips: PlannedSkip[] = [];
  cancelPrevious = false;
  unfinished: boolean;
  bufferedForMs: number | null;
  catchUpUntilMs: number | null;
  /** With everything that this plan skips. */
  run: SkipRun | null;
  /** As it was before the last creation ended it. */
  #runBeforeLast: SkipRun | null = null;

  constructor(schedule: PlannedSchedule, facts: OccurrenceFacts, nowMs: number) {
    this.#schedule = schedule;
    this.#nowMs = nowMs;
    this.unfinished = facts.unfinished;
    this.bufferedForMs = schedule.bufferedForMs;
    this.catchUpUntilMs = schedule.catchUpUntilMs;
    this.run = schedule.openRun;
  }

  /** Whether max_occurrences allows one more. */
  get mayCreate(): boolean {
    const { maxOccurrences, occurrences } = this.#schedule;
    const buffered = this.bufferedForMs === null ? 0 : 1;
    return maxOccurrences === null || occurrences + this.create.length + buffered < maxOccurrences;
  }

  skip(atMs: number, reason: SkipReason): void {
    const { run } = this;
    const extended = run?.reason === reason ? run : { fromMs: atMs, count: 0, reason };
    this.run = { ...extended, count: extended.count + 1 };
    const last = this.skips.at(-1);
    const isSameRun = last !== undefined && last.fromMs === extended.fromMs && last.reason === reason;
    const count = isSameRun ? last.count + 1 : 1;
    if (isSameRun) this.skips.pop();
    this.skips.push({ fromMs: extended.fromMs, untilMs: atMs, count, reason });
  }

  add(atMs: number, gapMs: number, origin: PlannedOccurrence['origin'], spaced: boolean): void {
    const { id, jitterMs, catchUpSpacingMs } = this.#schedule;
    const soonestMs = Math.floor(this.#nowMs) + 1;
    let executeAtMs = Math.max(atMs + jitterOf(id, jitterMs, gapMs), soonestMs);
    if (origin === 'catch_up') executeAtMs = soonestMs;
    if (spaced) {
      const afterLastMs = (this.catchUpUntilMs ?? Number.NEGATIVE_INFINITY) + catchUpSpacingMs;
      executeAtMs = Math.max(soonestMs, afterLastMs);
      this.catchUpUntilMs = executeAtMs;
    }
    const missed = origin === 'catch_up' && !spaced ? this.#missedBefore() : 0;
    this.create.push({ scheduledForMs: atMs, executeAtMs, origin, missed });
    this.unfinished = true;
    this.#runBeforeLast = this.run;
    this.run = null;
  }

  /** An occurrence of this plan that the next one cancels is not created at all. */
  replaceLast(): void {
    const last = this.create.pop();
    if (last === undefined) this.cancelPrevious = true;
    else {
      this.run = this.#runBeforeLast;
      this.skip(last.scheduledForMs, 'overlap');
    }
  }

  #missedBefore(): number {
    return this.run?.reason === 'missed' || this.run?.reason === 'paused' ? this.run.count : 0;
  }
}

/** Skips or creates the buffered occurrence if its time has come. */
function decideBuffered(draft: Draft, schedule: PlannedSchedule): void {
  const { bufferedForMs } = draft;
  if (bufferedForMs === null) return;
  const { resumed, overlap } = schedule;
  if (resumed?.catchUp === 'none' && bufferedForMs <= resumed.atMs) {
    draft.bufferedForMs = null;
    draft.run = null;
    draft.skip(bufferedForMs, 'paused');
    draft.run = null;
  } else if (!draft.unfinished || overlap === 'allow' || overlap === 'cancel_previous') {
    draft.cancelPrevious = draft.unfinished && overlap === 'cancel_previous';
    draft.bufferedForMs = null;
    // Its predecessor has just finished: neither jitter nor spacing.
    draft.add(bufferedForMs, 0, 'schedule', false);
  }
}

function partOf(atMs: number, nowMs: number, resumed: PlannedSchedule['resumed']): Part {
  if (resumed !== null && atMs <= resumed.atMs) return 'paused';
  return atMs < nowMs - MISSED_AFTER_MS ? 'missed' : 'current';
}

/** What catch-up says about an occurrence. `isNewest`: it is the last one of its part. */
function decideMissed(
  atMs: number,
  nowMs: number,
  part: 'paused' | 'missed',
  catchUp: CatchUp,
  windowMs: number,
  isNewest: boolean,
): Decision {
  switch (catchUp) {
    case 'none':
      return { kind: 'skip', reason: part };
    case 'latest':
      return isNewest ? { kind: 'create', origin: 'catch_up' } : { kind: 'skip', reason: part };
    case 'all':
      return atMs < nowMs - windowMs
        ? { kind: 'skip', reason: 'outside_catch_up_window' }
        : { kind: 'create', origin: 'catch_up' };
  }
}

/** When a schedule is looked at again that has an occurrence at `nextMs`, which could not be decided yet. */
function lookAt(nextMs: number, nowMs: number): number {
  // If the lead has begun, a predecessor is unfinished: the nominal instant decides.
  return nextMs - LEAD_MS > nowMs ? nextMs - LEAD_MS : nextMs;
}

/**
 * Decides which occurrences of a schedule are materialized, skipped or buffered now. Pure: the statement that writes the
 * plan has no effect if the schedule was changed in between.
 *
 * Occurrences are decided in their order, each once: those of the past by `catch_up`, those of the next
 * {@link HORIZON_MS} ahead of time. If occurrences must not overlap, one whose predecessor is unfinished is decided at its
 * nominal instant.
 */
export function planOccurrences(
  schedule: PlannedSchedule,
  recurrence: Pick<Recurrence, 'next'>,
  nowMs: number,
  facts: OccurrenceFacts,
  limits: PlanLimits,
): Plan {
  const { pausedUntilMs } = schedule;
  const resumed =
    pausedUntilMs === null ? schedule.resumed : ({ atMs: pausedUntilMs, catchUp: 'none' } as const);
  const draft = new Draft(schedule, facts, nowMs);
  decideBuffered(draft, { ...schedule, resumed });
  let { cursorMs } = schedule;
  let next = recurrence.next(cursorMs);
  let decided = 0;
  let more = false;
  while (next !== undefined && draft.mayCreate) {
    if (next > nowMs + HORIZON_MS) break;
    if (decided >= limits.maxDecide || draft.create.length >= limits.maxCreate) {
      more = true;
      break;
    }
    const following = recurrence.next(next);
    if (!decideOne(draft, { ...schedule, resumed }, next, following, nowMs)) break;
    cursorMs = next;
    next = following;
    decided += 1;
  }
  const nextMs = next === undefined || !draft.mayCreate ? null : next;
  let materializeMs = nextMs === null ? null : lookAt(nextMs, nowMs);
  if (more) materializeMs = nowMs;
  if (draft.bufferedForMs !== null)
    materializeMs = Math.min(materializeMs ?? Number.POSITIVE_INFINITY, nowMs + BUFFER_RECHECK_MS);
  return {
    create: draft.create,
    skips: draft.skips,
    cancelPrevious: draft.cancelPrevious,
    cursorMs,
    nextMs,
    materializeMs,
    bufferedForMs: draft.bufferedForMs,
    catchUpUntilMs: draft.catchUpUntilMs,
    skippingFromMs: draft.run?.fromMs ?? null,
    resumed: resumed !== null && nextMs !== null && nextMs <= resumed.atMs ? resumed : null,
    more,
  };
}

/** Decides the occurrence at `atMs`. false: it cannot be decided before its nominal instant. */
function decideOne(
  draft: Draft,
  schedule: PlannedSchedule,
  atMs: number,
  following: number | undefined,
  nowMs: number,
): boolean {
  const { overlap, resumed } = schedule;
  const part = partOf(atMs, nowMs, resumed);
  const catchUp = part === 'paused' ? (resumed?.catchUp ?? 'none') : schedule.catchUp;
  if (part !== 'current') {
    const isNewest = following === undefined || partOf(following, nowMs, resumed) !== part;
    const decision = decideMissed(atMs, nowMs, part, catchUp, schedule.catchUpWindowMs, isNewest);
    if (decision.kind === 'skip') {
      draft.skip(atMs, decision.reason);
      return true;
    }
  }
  if (overlap !== 'allow' && draft.unfinished) {
    if (atMs > nowMs) return false;
    if (overlap === 'buffer_one' && draft.bufferedForMs === null) {
      draft.bufferedForMs = atMs;
      draft.run = null;
      return true;
    }
    if (overlap !== 'cancel_previous') {
      draft.skip(atMs, 'overlap');
      return true;
    }
    draft.replaceLast();
  }
  const origin = part === 'current' ? 'schedule' : 'catch_up';
  const gapMs = (following ?? Number.POSITIVE_INFINITY) - atMs;
  draft.add(atMs, gapMs, origin, origin === 'catch_up' && catchUp === 'all');
  return true;
}
