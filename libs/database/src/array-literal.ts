/**
 * Formats UUIDs or numbers as a PostgreSQL array literal. The driver would check each element for characters to escape.
 * These contain none, and for batches of a thousand the check is measurable.
 */
export function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`;
}
