import type { ListTimersQuery } from '@timer-platform/callback-types';
import type { ListPosition } from '@timer-platform/database';
import { z } from 'zod';
import { validationError } from '../http/api-error.ts';

/** What a page is a page of: a cursor continues the very list that it was given for. */
type ListKind = Pick<ListTimersQuery, 'sort' | 'order' | 'status' | 'callback_type'>;

const cursorSchema = z.tuple([
  z.string(),
  // Microseconds since 1970, well inside what PostgreSQL can hold.
  z.string().regex(/^-?\d{1,18}$/),
  z.guid(),
]);

function nameOf({ sort, order, status, callback_type }: ListKind): string {
  return [sort, order, status ?? '', callback_type ?? ''].join(' ');
}

/** The opaque `next_cursor` behind a position. */
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
 * The position that a cursor stands for.
 *
 * @throws {ApiError} when the text is no cursor, or belongs to a list with another order or other filters
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
        message: 'belongs to a list with another sort, order, status or callback_type',
      },
    ]);
  return { micros, id };
}
