import { createHash } from 'node:crypto';

/** A number from 0 (inclusive) to 1 (exclusive) that follows from the id: schedules spread evenly. */
function fractionOf(scheduleId: string): number {
  const hash = createHash('sha256').update(`jitter ${scheduleId.toLowerCase()}`).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48;
}

/**
 * How much later than its nominal instant an occurrence is due, in whole milliseconds: less than `jitterMs`, the same for
 * all occurrences of a schedule, and never past the next occurrence.
 *
 * @param gapMs time until the next occurrence; Infinity after the last one
 */
export function jitterOf(scheduleId: string, jitterMs: number, gapMs: number): number {
  const rangeMs = Math.min(jitterMs, gapMs);
  return rangeMs <= 0 ? 0 : Math.floor(fractionOf(scheduleId) * rangeMs);
}
