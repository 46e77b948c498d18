/**
 * How many occurrences an interval has after one instant and before another, in milliseconds since 1970: those at `phaseMs`
 * plus multiples of `everyMs`.
 */
export function countIntervals(everyMs: number, phaseMs: number, afterMs: number, beforeMs: number): number {
  const last = Math.ceil((beforeMs - phaseMs) / everyMs) - 1;
  const first = Math.floor((afterMs - phaseMs) / everyMs) + 1;
  return Math.max(0, last - first + 1);
}
