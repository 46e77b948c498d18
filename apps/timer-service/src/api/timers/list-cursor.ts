import { createHash } from 'node:crypto';
import type { ListTimersQuery } from '@timer-platform/callback-types';
import { canonicalJson, type ListPosition } from '@timer-platform/database';
import { z } from 'zod';
import { validationError } from '../http/api-error.ts';
import { decodeParts, encodeParts, isPosition } from './position-cursor.ts';

/** The parameters that identify a list. A cursor is valid only for the list that returned it. */
export type ListKind = Omit<ListTimersQuery, 'limit' | 'offset' | 'cursor'>;

const cursorSchema = z.tuple([z.string(), z.string().refine(isPosition), z.guid()]);

/** Parameters of one page. */
const OF_A_PAGE: ReadonlySet<string> = new Set(['limit', 'offset', 'cursor']);

function nameOf(kind: ListKind): string {
  const fields = Object.entries(kind).filter(([name, value]) => !OF_A_PAGE.has(name) && value !== undefined);
  const json = canonicalJson(Object.fromEntries(fields));
  return createHash('sha256').update(json).digest('base64url').slice(0, 22);
}

/** Encodes a position as an opaque `next_cursor`. */
export function encodeCursor(kind: ListKind, position: ListPosition): string {
  return encodeParts([nameOf(kind), position.micros, position.id]);
}

/**
 * Decodes the position in a cursor.
 *
 * @throws {ApiError} when the text is not a cursor, or belongs to a list with another order or other filters
 */
export function decodeCursor(kind: ListKind, text: string): ListPosition {
  const parts = decodeParts(cursorSchema, text);
  if (parts === undefined)
    throw validationError([{ path: 'query.cursor', message: 'must be the next_cursor of an earlier page' }]);
  const [name, micros, id] = parts;
  if (name !== nameOf(kind))
    throw validationError([
      { path: 'query.cursor', message: 'must be used with the sort, the order and the filters of its list' },
    ]);
  return { micros, id };
}
