import { type RawBuilder, sql } from 'kysely';

/** The position of a timer in a list: its sort key, in microseconds since 1970 or ±infinity, then its id. */
export interface ListPosition {
  readonly micros: string;
  readonly id: string;
}

/** How PostgreSQL prints instants that are later or earlier than all others. */
function isInfinite(micros: string): boolean {
  return micros === 'infinity' || micros === '-infinity';
}

const MICROS_PER_DAY = 86_400_000_000n;

/** Adds days and the rest separately: PostgreSQL multiplies intervals as floats, which is inexact for distant instants. */
export function instantAt(micros: string): RawBuilder<Date> {
  if (isInfinite(micros)) return sql`${micros}::timestamptz`;
  const days = Number(BigInt(micros) / MICROS_PER_DAY);
  const rest = Number(BigInt(micros) % MICROS_PER_DAY);
  return sql`((timestamp '1970-01-01' + ${days}::integer * interval '1 day'
    + ${rest}::bigint * interval '1 microsecond') AT TIME ZONE 'UTC')`;
}

/** The sort key of a {@link ListPosition}. */
export function microsOf(instant: RawBuilder<Date>): RawBuilder<string> {
  return sql`CASE WHEN isfinite(${instant}) THEN trunc(extract(epoch FROM ${instant}) * 1000000)::text
    ELSE ${instant}::text END`;
}
