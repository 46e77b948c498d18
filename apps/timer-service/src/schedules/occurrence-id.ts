import { createHash } from 'node:crypto';

/** The largest instant that fits: 48 bits of milliseconds, the year 10889. */
const MAX_MS = 2 ** 48 - 1;

/**
 * The id of the occurrence of a schedule at a nominal instant: a UUID of version 8 (RFC 9562) with 48 bits of the instant,
 * like version 7, and a hash of schedule and instant. Whoever computes it gets the same id, so that the primary key of
 * `timers` admits each occurrence once.
 *
 * @param scheduledForMs the nominal instant, in milliseconds since 1970
 * @throws {RangeError} for an instant before 1970 or after the year 10889
 */
export function occurrenceId(scheduleId: string, scheduledForMs: number): string {
  if (!Number.isInteger(scheduledForMs) || scheduledForMs < 0 || scheduledForMs > MAX_MS)
    throw new RangeError(`${scheduledForMs} is not an instant that an occurrence can have`);
  const hash = createHash('sha256').update(`${scheduleId.toLowerCase()} ${scheduledForMs}`).digest();
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(scheduledForMs, 0, 6);
  hash.copy(bytes, 6, 0, 10);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
