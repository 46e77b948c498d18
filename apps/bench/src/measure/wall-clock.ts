const TICKS = 5;

/**
 * Returns a clock of Unix milliseconds with microsecond precision; Date.now() has only whole milliseconds.
 *
 * Linux slews the wall clock and the monotonic clock alike, so the offset between them changes only when the wall clock is
 * stepped. A tick of Date.now() is observed at or after it happens, so the largest of several offsets is the most accurate.
 */
export function anchorWallClock(): () => number {
  let offset = Number.NEGATIVE_INFINITY;
  let last = Date.now();
  for (let ticks = 0; ticks < TICKS;) {
    const now = Date.now();
    if (now === last) continue;
    offset = Math.max(offset, now - performance.now());
    last = now;
    ticks += 1;
  }
  return () => performance.now() + offset;
}
