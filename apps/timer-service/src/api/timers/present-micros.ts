/** The instants that JavaScript can represent, in milliseconds since 1970. */
const MAX_MS = 8_640_000_000_000_000;

/** Converts microseconds since 1970, or ±infinity, to RFC 3339. What JavaScript cannot represent is as good as infinite. */
export function presentMicros(micros: string): string {
  const ms = Math.floor(
    Number(micros === 'infinity' ? Infinity : micros === '-infinity' ? -Infinity : micros) / 1_000,
  );
  if (ms > MAX_MS) return 'infinity';
  return ms < -MAX_MS ? '-infinity' : new Date(ms).toISOString();
}
