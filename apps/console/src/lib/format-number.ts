const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** A count with all digits: 12,345,678. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** A count for an axis: 12.3M. */
export function formatShortCount(count: number): string {
  return short.format(count);
}

/** A rate or another measured number: at most one digit after the point. */
export function formatNumber(value: number): string {
  return oneDigit.format(value);
}

/** `1 timer`, `2,000 timers`. */
export function formatCountOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}
