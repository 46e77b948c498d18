/** What of an instant is shown. */
export type InstantPrecision = 'minute' | 'second' | 'millisecond';

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

/** The parts of an instant on the clocks of a time zone. */
export interface LocalParts {
  /** `2026-11-26` */
  readonly date: string;
  /** `14:05` */
  readonly minute: string;
  /** `09` */
  readonly second: string;
  /** `123` */
  readonly millisecond: string;
  /** `UTC`, `UTC+1`, `UTC−3:30` */
  readonly offset: string;
}

/** @param zone an IANA name or `UTC` */
export function localParts(instant: number, zone: string): LocalParts {
  const parts = new Map<string, string>();
  for (const { type, value } of formatterOf(zone).formatToParts(instant)) parts.set(type, value);
  const part = (name: string) => parts.get(name) ?? '';
  return {
    date: `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`,
    minute: `${part('hour')}:${part('minute')}`,
    second: part('second'),
    millisecond: part('fractionalSecond'),
    offset: part('timeZoneName').replace('GMT', 'UTC').replace('-', '−').replace(/\+0$/, ''),
  };
}

/** Time of day: `14:05`, `14:05:09`, `14:05:09.123`. */
export function formatTimeOfDay(
  instant: number,
  zone: string,
  precision: InstantPrecision = 'second',
): string {
  const { minute, second, millisecond } = localParts(instant, zone);
  if (precision === 'minute') return minute;
  return precision === 'second' ? `${minute}:${second}` : `${minute}:${second}.${millisecond}`;
}

/** Date and time of day, sortable: `2026-11-26 14:05:09`. */
export function formatInstant(instant: number, zone: string, precision: InstantPrecision = 'second'): string {
  return `${localParts(instant, zone).date} ${formatTimeOfDay(instant, zone, precision)}`;
}
