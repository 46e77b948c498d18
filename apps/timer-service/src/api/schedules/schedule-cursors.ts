import type { OccurrencePosition } from '@timer-platform/database';
import { z } from 'zod';
import { validationError } from '../http/api-error.ts';

/** Up to the year 9999. */
const MAX_MICROS = 253_402_300_800_000_000n;

const cursorSchema = z.tuple([
  z
    .string()
    .regex(/^\d{1,18}$/)
    .refine((text) => BigInt(text) <= MAX_MICROS),
  z.guid(),
]);

const keySchema = z.tuple([
  z
    .string()
    .max(255)
    .regex(/^[\x21-\x7e]+$/),
]);

function encode(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws {ApiError} when the text is not a cursor */
function decode<Parts>(schema: z.ZodType<Parts>, text: string): Parts {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    parsed = undefined;
  }
  const decoded = schema.safeParse(parsed);
  if (decoded.success) return decoded.data;
  throw validationError([{ path: 'query.cursor', message: 'must be the next_cursor of an earlier page' }]);
}

/** Encodes a position in the history of a schedule as an opaque `next_cursor`. */
export function encodePosition({ micros, id }: OccurrencePosition): string {
  return encode([micros, id]);
}

/** @throws {ApiError} when the text is not such a cursor */
export function decodePosition(text: string): OccurrencePosition {
  const [micros, id] = decode(cursorSchema, text);
  return { micros, id };
}

/** Encodes the last key of a page of schedules. */
export function encodeKey(key: string): string {
  return encode([key]);
}

/** @throws {ApiError} when the text is not such a cursor */
export function decodeKey(text: string): string {
  return decode(keySchema, text)[0];
}
