import type { ListTimersQuery } from '@timer-platform/callback-types';
import type { ListPosition } from '@timer-platform/database';
import { z } from 'zod';
import { validationError } from '../http/api-error.ts';

/** The parameters that identify a list. A cursor is valid only for the list that returned it. */
type ListKind = Pick<ListTimersQuery, 'sort' | 'order' | 'status' | 'callback_type'>;

/** The range of timestamptz in microseconds since 1970. */
const EARLIEST = -210_866_803_200_000_000n;
const LATEST = 9_224_318_015_999_999_999n;

/** Microseconds since 1970 that PostgreSQL can represent, or infinity. */
function isPosition(text: string): boolean {
  if (text === 'infinity' || text === '-infinity') return true;
  return /^-?\d{1,19}$/.test(text) && BigInt(text) >= EARLIEST && BigInt(text) <= LATEST;
}

const cursorSchema = z.tuple([z.string(), z.string().refine(isPosition), z.guid()]);

function nameOf({ sort, order, status, callback_type }: ListKind): string {
  return [sort, order, status ?? '', callback_type ?? ''].join(' ');
}

/** Encodes a position as an opaque `next_cursor`. */
export function encodeCursor(kind: ListKind, position: ListPosition): string {
  const parts: z.infer<typeof cursorSchema> = [nameOf(kind), position.micros, position.id];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Decodes the position in a cursor.
 *
 * @throws {ApiError} when the text is not a cursor, or belongs to a list with another order or other filters
 */
export function decodeCursor(kind: ListKind, text: string): ListPosition {
  const decoded = cursorSchema.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (!decoded.success)
    throw validationError([{ path: 'query.cursor', message: 'must be the next_cursor of an earlier page' }]);
  const [name, micros, id] = decoded.data;
  if (name !== nameOf(kind))
    throw validationError([
      {
        path: 'query.cursor',
        message: 'must be used with the sort, order, status and callback_type of its list',
      },
    ]);
  return { micros, id };
}
