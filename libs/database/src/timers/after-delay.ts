/**
 * SQL for the instant `ms` milliseconds (an SQL expression) from now; NULL for NULL. Rounded up to milliseconds: the API
 * returns exactly what is stored, and a timer is never early. Without delay it is the next millisecond, since a timer must
 * be due later than its created_at.
 */
export function afterDelay(ms: string): string {
  return `date_trunc('milliseconds', now() + CASE WHEN ${ms} < 1 THEN interval '1 millisecond'
       ELSE ${ms} * interval '1 millisecond' + interval '999 microseconds' END)`;
}
