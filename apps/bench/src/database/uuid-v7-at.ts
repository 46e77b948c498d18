/** SQL for an id as the API creates it (UUID version 7, ordered by time), for a row created at this instant. */
export function uuidV7At(instant: string): string {
  const ms = `lpad(to_hex((extract(epoch FROM ${instant}) * 1000)::bigint), 12, '0')`;
  return `(left(${ms}, 8) || '-' || right(${ms}, 4) || '-7' || substr(gen_random_uuid()::text, 16))::uuid`;
}
