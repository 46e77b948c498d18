/**
 * A PostgreSQL array of UUIDs or numbers as one text. The driver would look at each element for characters to escape;
 * in these there are none, and for batches of a thousand it shows.
 */
export function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`;
}
