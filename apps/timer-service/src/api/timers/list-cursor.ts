import type { ListTimersQuery } from '@timer-platform/callback-types';
import type { ListPosition } from '@timer-platform/database';
import { z } from 'zod';
import { validationError } from '../http/api-error.ts';

/** The parameters that identify a list. A cursor is valid only for the list that returned it. */
type ListKind = Pick<ListTimersQuery, 'sort' | 'order' | 'status' | 'callback_type'>;

const cursorSchema = z.tuple([
  z.string(),
  // Unix microseconds, well within the range of PostgreSQL.
  z.string().regex(/^-?\d{1,18}$/),
  z.guid(),
]);

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
