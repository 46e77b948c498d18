import { DAY_MS } from './calendar.ts';

/** A change of the offset from UTC. Times in milliseconds since the Unix epoch, offsets in milliseconds. */
export interface ClockChange {
  /** The first instant with the new offset. */
  readonly atMs: number;
  readonly offsetBefore: number;
  readonly offsetAfter: number;
}

/** What a local time means in a time zone. */
export interface ResolvedLocalTime {
  /** The instant: the first of two, or the first one after a gap. */
  readonly atMs: number;
  readonly effect: 'gap' | 'overlap' | null;
}

const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;
/** Local times differ from UTC by less than this. */
const MAX_OFFSET_MS = 15 * 3_600_000;
/** Days whose offset is remembered for a time zone: ten years and as much again for other searches. */
const MAX_REMEMBERED_DAYS = 8_192;

function parseOffset(text: string): number {
  const match = OFFSET.exec(text);
  if (match === null) throw new RangeError(`No offset from UTC in '${text}'.`);
  const [, sign, hours = 0, minutes = 0, seconds = 0] = match;
  const milliseconds = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -milliseconds : milliseconds;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

function offsetText(offset: number): string {
  const seconds = Math.abs(offset) / 1_000;
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (seconds % 60 !== 0) parts.push(seconds % 60);
  return (offset < 0 ? '-' : '+') + parts.map(twoDigits).join(':');
}

/**
 * A time zone: its offsets and clock changes, from the time zone data of the process. It remembers what it has looked
 * up, at most a few thousand days. There is at most one clock change in 30 hours.
 */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();
  readonly #changes = new Map<number, number>();

  /** @throws {RangeError} if the process does not know the name */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  /** The offset of local time from UTC at an instant, in milliseconds. */
  offsetAt(atMs: number): number {
    const day = Math.floor(atMs / DAY_MS);
    const before = this.#offsetAtDay(day);
    const after = this.#offsetAtDay(day + 1);
    return before === after || atMs < this.#changeOfDay(day) ? before : after;
  }

  /** The first clock change after an instant and not after another. */
  changeBetween(afterMs: number, untilMs: number): ClockChange | undefined {
    const lastDay = Math.floor(untilMs / DAY_MS);
    for (let day = Math.floor(afterMs / DAY_MS); day <= lastDay; day += 1) {
      const offsetBefore = this.#offsetAtDay(day);
      const offsetAfter = this.#offsetAtDay(day + 1);
      if (offsetBefore === offsetAfter) continue;
      const atMs = this.#changeOfDay(day);
      if (atMs > afterMs && atMs <= untilMs) return { atMs, offsetBefore, offsetAfter };
    }
    return undefined;
  }

  /** The instant of a local time. Of two it is the first; a local time that is skipped is that of the clock change. */
  resolve(localMs: number): ResolvedLocalTime {
    const change = this.changeBetween(localMs - MAX_OFFSET_MS, localMs + MAX_OFFSET_MS);
    if (change === undefined) return { atMs: localMs - this.offsetAt(localMs), effect: null };
    const { atMs, offsetBefore, offsetAfter } = change;
    if (localMs < atMs + Math.min(offsetBefore, offsetAfter))
      return { atMs: localMs - offsetBefore, effect: null };
    if (localMs >= atMs + Math.max(offsetBefore, offsetAfter))
      return { atMs: localMs - offsetAfter, effect: null };
    if (offsetAfter > offsetBefore) return { atMs, effect: 'gap' };
    return { atMs: localMs - offsetBefore, effect: 'overlap' };
  }

  /** An instant as local time with its offset: `2026-03-29T03:00:00+02:00`. */
  format(atMs: number): string {
    const offset = this.offsetAt(atMs);
    return new Date(atMs + offset).toISOString().replace(/\.000Z$|Z$/, '') + offsetText(offset);
  }

  #offsetAtDay(day: number): number {
    const known = this.#offsets.get(day);
    if (known !== undefined) return known;
    if (this.#offsets.size >= MAX_REMEMBERED_DAYS) this.#offsets.clear();
    const offset = this.#readOffset(day * DAY_MS);
    this.#offsets.set(day, offset);
    return offset;
  }

  /** The first instant with the new offset, on a day in which it changes. */
  #changeOfDay(day: number): number {
    const known = this.#changes.get(day);
    if (known !== undefined) return known;
    if (this.#changes.size >= MAX_REMEMBERED_DAYS) this.#changes.clear();
    const change = this.#findChange(day);
    this.#changes.set(day, change);
    return change;
  }

  #findChange(day: number): number {
    const offsetAfter = this.#offsetAtDay(day + 1);
    let [before, from] = [day * DAY_MS, (day + 1) * DAY_MS];
    while (from - before > 1_000) {
      const middle = before + Math.floor((from - before) / 2_000) * 1_000;
      if (this.#readOffset(middle) === offsetAfter) from = middle;
      else before = middle;
    }
    return from;
  }

  #readOffset(atMs: number): number {
    return parseOffset(this.#format.format(atMs));
  }
}
