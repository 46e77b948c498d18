/**
 * SQL of the instant that lies `ms` milliseconds (an SQL expression) ahead of the database's now; NULL for NULL. In whole
 * milliseconds, rounded up: what is answered is what is stored, and never too early.
 */
export function afterDelay(ms: string): string {
  return `date_trunc('milliseconds', now() + ${ms} * interval '1 millisecond' + interval '999 microseconds')`;
}
