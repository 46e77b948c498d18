const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A measured time in at most two units: `4 ms`, `1.25 s`, `3 min 5 s`, `2 d 4 h`.
 * @param milliseconds negative values get a leading minus
 */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds < 0) return `−${formatMilliseconds(-milliseconds)}`;
  if (milliseconds < 10 && !Number.isInteger(milliseconds)) return `${milliseconds.toFixed(1)} ms`;
  if (Math.round(milliseconds) < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE - 50)
    return `${trim((milliseconds / SECOND).toFixed(milliseconds < 10_000 ? 2 : 1))} s`;
  // Rounding comes first: 59 min 59.9 s is an hour.
  if (Math.round(milliseconds / SECOND) * SECOND < HOUR)
    return inTwo(milliseconds, MINUTE, 'min', SECOND, 's');
  if (Math.round(milliseconds / MINUTE) * MINUTE < DAY) return inTwo(milliseconds, HOUR, 'h', MINUTE, 'min');
  return inTwo(milliseconds, DAY, 'd', HOUR, 'h');
}

function trim(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

function inTwo(value: number, large: number, largeName: string, small: number, smallName: string): string {
  const rounded = Math.round(value / small) * small;
  const first = Math.floor(rounded / large);
  const second = Math.round((rounded - first * large) / small);
  return second === 0 ? `${first} ${largeName}` : `${first} ${largeName} ${second} ${smallName}`;
}

/** A mark of an axis, in one unit: `10 ms`, `100 s`. */
export function formatMark(milliseconds: number): string {
  return milliseconds < SECOND ? `${milliseconds} ms` : `${milliseconds / SECOND} s`;
}

/** How far an instant is from now, in one unit: `in 3 min`, `2 h ago`, `now`. */
export function formatRelative(instant: number, now: number): string {
  const distance = instant - now;
  const size = Math.abs(distance);
  if (size < SECOND) return 'now';
  const text = oneUnit(size);
  return distance > 0 ? `in ${text}` : `${text} ago`;
}

function oneUnit(size: number): string {
  if (size < MINUTE) return `${Math.floor(size / SECOND)} s`;
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`;
  if (size < 2 * DAY) return `${Math.floor(size / HOUR)} h`;
  return `${Math.floor(size / DAY)} d`;
}
