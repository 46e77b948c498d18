import { describeRecurrence } from './describe-recurrence.ts';
import { IntervalOccurrences } from './interval-occurrences.ts';
import { type ParsedRecurrence, parseRecurrence } from './parse-recurrence.ts';
import type { ClockChangeEffect, Recurrence, RecurrenceIssue, RecurrenceSpec } from './recurrence.ts';
import { RememberedByWeight } from './remembered-by-weight.ts';
import { SearchBudget } from './search-budget.ts';

export type RecurrenceResult =
  | { readonly ok: true; readonly recurrence: Recurrence }
  | { readonly ok: false; readonly issues: RecurrenceIssue[] };

/** Checks of exclusions in one search: less than 0.3 s. A day of which every second is excluded has 1,440 for each of them. */
const MAX_CHECKS = 2_000_000;
/** Occurrences are in the years 1970 to 9999. */
const LATEST_MS = Date.UTC(9_999, 11, 31, 23, 59, 59);
/** Expressions and exclusions of all remembered recurrences; one takes less than 2 KiB. */
const MAX_REMEMBERED = 20_000;

class CompiledRecurrence implements Recurrence {
  readonly #spec: RecurrenceSpec;
  readonly #parsed: ParsedRecurrence;
  readonly #firstMs: number;
  readonly #lastMs: number;

  constructor(spec: RecurrenceSpec, parsed: ParsedRecurrence) {
    this.#spec = spec;
    this.#parsed = parsed;
    this.#firstMs = Math.max(0, spec.startAtMs ?? 0);
    this.#lastMs = Math.min(LATEST_MS, spec.endAtMs ?? LATEST_MS);
  }

  next(afterMs: number): number | undefined {
    const after = Math.max(afterMs, this.#firstMs - 1);
    if (after >= this.#lastMs) return undefined;
    const next = this.#nextOf(after, new SearchBudget(MAX_CHECKS));
    return next === undefined || next > this.#lastMs ? undefined : next;
  }

  classify(atMs: number): ClockChangeEffect | null {
    const { occurrences } = this.#parsed;
    if (occurrences instanceof IntervalOccurrences) return null;
    const budget = new SearchBudget(MAX_CHECKS);
    const effects = occurrences
      .map((each) => each.classify(atMs, budget))
      .filter((each) => each !== undefined);
    // What one expression moves to the end of a gap, another may have there anyway.
    return effects.includes(null) ? null : (effects[0] ?? null);
  }

  local(atMs: number): string {
    return this.#parsed.timeZone.format(atMs);
  }

  describe(): string {
    return describeRecurrence(this.#spec);
  }

  #nextOf(afterMs: number, budget: SearchBudget): number | undefined {
    const { occurrences } = this.#parsed;
    if (occurrences instanceof IntervalOccurrences) return occurrences.next(afterMs, budget);
    const found = occurrences.map((each) => each.next(afterMs, budget)).filter((at) => at !== undefined);
    return found.length === 0 ? undefined : Math.min(...found);
  }
}

const remembered = new RememberedByWeight<ParsedRecurrence>(MAX_REMEMBERED);

function parseOnce(spec: RecurrenceSpec): ParsedRecurrence | RecurrenceIssue[] {
  const { cron, everyMs, phaseMs, exclude = [], timeZone } = spec;
  const key = JSON.stringify([cron, everyMs, phaseMs, exclude, timeZone]);
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const parsed = parseRecurrence(spec);
  if ('occurrences' in parsed) remembered.add(key, parsed, (cron?.length ?? 1) + exclude.length);
  return parsed;
}

/** Why a recurrence that can be parsed has no occurrence at all. */
function emptyIssue({ startAtMs, endAtMs, exclude = [] }: RecurrenceSpec): RecurrenceIssue {
  if (exclude.length > 0)
    return {
      path: 'exclude',
      message: 'leaves no occurrence, or none for so long that the search was given up',
    };
  const path = endAtMs === undefined && startAtMs !== undefined ? 'start_at' : 'end_at';
  return { path, message: 'no occurrence is between start_at and end_at' };
}

/**
 * Compiles a specification that a client sends.
 *
 * A search for the next occurrence is bounded. If exclusions leave none for so long that the bound is reached, there is
 * none: a few thousand days of an expression that occurs every minute, and more of others.
 *
 * @returns the recurrence, which has at least one occurrence; or all issues of the specification
 */
export function compileRecurrence(spec: RecurrenceSpec): RecurrenceResult {
  const compiled = compileStoredRecurrence(spec);
  if (compiled.ok && compiled.recurrence.next(-1) === undefined)
    return { ok: false, issues: [emptyIssue(spec)] };
  return compiled;
}

/**
 * Compiles a specification that was accepted before: as {@link compileRecurrence}, without the search for a first
 * occurrence, which takes seconds for some.
 */
export function compileStoredRecurrence(spec: RecurrenceSpec): RecurrenceResult {
  const parsed = parseOnce(spec);
  if (!('occurrences' in parsed)) return { ok: false, issues: parsed };
  return { ok: true, recurrence: new CompiledRecurrence(spec, parsed) };
}
