import type { z } from 'zod';

/** The range of timestamptz in microseconds since 1970. */
const EARLIEST = -210_866_803_200_000_000n;
const LATEST = 9_224_318_015_999_999_999n;

/** Whether a text is microseconds since 1970 that PostgreSQL can represent, or infinity. */
export function isPosition(text: string): boolean {
  if (text === 'infinity' || text === '-infinity') return true;
  return /^-?\d{1,19}$/.test(text) && BigInt(text) >= EARLIEST && BigInt(text) <= LATEST;
}

/** Encodes texts as an opaque cursor. */
export function encodeParts(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Decodes a cursor; undefined if the text is not one of this kind. */
export function decodeParts<Parts>(schema: z.ZodType<Parts>, text: string): Parts | undefined {
  const decoded = schema.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  return decoded.success ? decoded.data : undefined;
}
