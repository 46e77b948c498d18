/** When a schedule occurs: cron expressions in a time zone, or an interval; less what is excluded. */
export interface RecurrenceSpec {
  /** Cron expressions; an instant that several of them name is one occurrence. Exactly one of `cron` and `everyMs`. */
  readonly cron?: readonly string[];
  /** Milliseconds of real time between two occurrences, at least 1,000. */
  readonly everyMs?: number;
  /** Milliseconds from the Unix epoch to an occurrence of the interval, less than `everyMs`; 0 by default. */
  readonly phaseMs?: number;
  /** Cron expressions, local dates (`2026-12-25`) and ranges of them (`2026-12-24/2026-12-26`, both included). */
  readonly exclude?: readonly string[];
  /** Name of a time zone of the IANA database. */
  readonly timeZone: string;
  /** The first and the last instant at which an occurrence may be, in milliseconds since the Unix epoch. */
  readonly startAtMs?: number;
  readonly endAtMs?: number;
}

/** How a clock change affects an occurrence: `gap` if it replaces a local time that is skipped, `overlap` if its
 * local time occurs twice. */
export type ClockChangeEffect = 'gap' | 'overlap';

/** A recurrence that can be asked for its occurrences. Immutable: the same question has the same answer. */
export interface Recurrence {
  /** The first occurrence after an instant, in milliseconds since the Unix epoch; undefined if there is none. */
  next(afterMs: number): number | undefined;
  /** How a clock change affects the occurrence at an instant. */
  classify(atMs: number): ClockChangeEffect | null;
  /** The instant in the time zone of the recurrence: `2026-03-29T03:00:00+02:00`. */
  local(atMs: number): string;
  /** The recurrence in plain words. */
  describe(): string;
}

/** One invalid part of a specification. */
export interface RecurrenceIssue {
  /** Path of a field of the request, such as `cron`, `cron.1` or `time_zone`. */
  readonly path: string;
  readonly message: string;
}
