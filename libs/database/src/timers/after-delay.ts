/**
 * SQL for the instant `ms` milliseconds (an SQL expression) from now; NULL for NULL. The next full millisecond: the API
 * returns exactly what is stored, a timer is never early, and one without delay is still later than its created_at.
 */
export function afterDelay(ms: string): string {
  return `date_trunc('milliseconds', now() + (${ms} + 1) * interval '1 millisecond')`;
}
