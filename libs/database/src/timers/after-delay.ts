/**
 * SQL for the instant `ms` milliseconds (an SQL expression) from now; NULL for NULL. Rounded up to milliseconds: the API
 * returns exactly what is stored, and a timer is never early.
 */
export function afterDelay(ms: string): string {
  return `date_trunc('milliseconds', now() + ${ms} * interval '1 millisecond' + interval '999 microseconds')`;
}
