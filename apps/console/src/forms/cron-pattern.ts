/** Recurrences that need no knowledge of cron. Hours and minutes are those of the schedule's clocks. */
export type CronPattern =
  | { readonly kind: 'minutes'; readonly every: number }
  | { readonly kind: 'hourly'; readonly minute: number }
  | { readonly kind: 'daily' | 'weekdays'; readonly time: string }
  | { readonly kind: 'weekly'; readonly time: string; readonly days: readonly Weekday[] }
  | { readonly kind: 'monthly'; readonly time: string; readonly day: number };

export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Divisors of an hour: other steps would have a shorter wait at its end. */
export const MINUTE_STEPS: readonly number[] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

/** The expression of a pattern. */
export function cronOf(pattern: CronPattern): string {
  if (pattern.kind === 'minutes') return pattern.every === 1 ? '* * * * *' : `*/${pattern.every} * * * *`;
  if (pattern.kind === 'hourly') return `${pattern.minute} * * * *`;
  const [hour = 0, minute = 0] = pattern.time.split(':').map(Number);
  const at = `${minute} ${hour}`;
  switch (pattern.kind) {
    case 'daily':
      return `${at} * * *`;
    case 'weekdays':
      return `${at} * * MON-FRI`;
    case 'weekly':
      return `${at} * * ${WEEKDAYS.filter((day) => pattern.days.includes(day)).join(',')}`;
    case 'monthly':
      return `${at} ${pattern.day} * *`;
  }
}

/** The pattern of an expression; undefined if no pattern says the same. */
export function patternOf(cron: string): CronPattern | undefined {
  const text = cron.trim().replaceAll(/\s+/g, ' ');
  return candidatesOf(text).find((pattern) => cronOf(pattern) === text);
}

function candidatesOf(text: string): CronPattern[] {
  const [minute = '', hour = '', day = '', , weekday = ''] = text.split(' ');
  const step = Number(minute === '*' ? 1 : minute.replace('*/', ''));
  const patterns: CronPattern[] = [];
  if (MINUTE_STEPS.includes(step)) patterns.push({ kind: 'minutes', every: step });
  const atMinute = within(minute, 0, 59);
  if (atMinute === undefined) return patterns;
  patterns.push({ kind: 'hourly', minute: atMinute });
  const atHour = within(hour, 0, 23);
  if (atHour === undefined) return patterns;
  const time = `${String(atHour).padStart(2, '0')}:${String(atMinute).padStart(2, '0')}`;
  patterns.push({ kind: 'daily', time }, { kind: 'weekdays', time });
  const days = WEEKDAYS.filter((name) => weekday.split(',').includes(name));
  if (days.length > 0) patterns.push({ kind: 'weekly', time, days });
  const atDay = within(day, 1, 31);
  if (atDay !== undefined) patterns.push({ kind: 'monthly', time, day: atDay });
  return patterns;
}

function within(text: string, min: number, max: number): number | undefined {
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}
