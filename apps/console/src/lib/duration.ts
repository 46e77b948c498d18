const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;
const UNIT_MS: ReadonlyMap<string, number> = new Map(UNITS);
const DURATION = /^(?:\d{1,15}(?:ms|s|m|h|d))+$/;

/**
 * Reads a duration of the API: `250ms`, `90s`, `1d12h`.
 * @returns milliseconds; undefined if the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    total += Number(amount) * (UNIT_MS.get(unit) ?? 0);
  return total;
}

/** A duration in words: `1d12h` is "1 day 12 hours". What is no duration stays as it is. */
export function durationInWords(text: string): string {
  const ms = parseDuration(text);
  if (ms === undefined) return text;
  if (ms === 0) return 'nothing';
  const names = { d: 'day', h: 'hour', m: 'minute', s: 'second', ms: 'millisecond' } as const;
  let rest = ms;
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) words.push(`${amount.toLocaleString('en')} ${names[unit]}${amount === 1 ? '' : 's'}`);
  }
  return words.join(' ');
}

/** A duration as the API writes it, with the largest units that fit. @param ms a whole number, not negative */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text === '' ? '0s' : text;
}
