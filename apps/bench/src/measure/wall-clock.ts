const TICKS = 5;

/**
 * The wall clock in milliseconds since 1970, with microseconds behind the point; Date.now() has whole milliseconds.
 *
 * Both clocks of a Linux process are slewed alike, so the offset between them changes only when the wall clock is
 * stepped. It is measured by watching Date.now() tick: the tick happened at or before the moment it is seen, so the
 * largest offset of several is the nearest.
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
