import { createHash } from 'node:crypto';
import type { JsonValue } from '@timer-platform/callback-types';
import { canonicalJson, type ListPosition } from '@timer-platform/database';
import { z } from 'zod';
import { validationError } from '../http/api-error.ts';
import { decodeParts, encodeParts, isPosition } from '../timers/position-cursor.ts';

/** Where a bulk request continues, and in which action. */
export interface BulkPosition {
  readonly after: ListPosition;
  readonly actionId: string;
}

const cursorSchema = z.tuple([z.string(), z.string().refine(isPosition), z.guid(), z.guid()]);

/** Names a request: another one must not continue where this one has stopped. */
function nameOf(action: string, request: JsonValue): string {
  return createHash('sha256')
    .update(canonicalJson([action, request]))
    .digest('base64url')
    .slice(0, 22);
}

export function encodeBulkCursor(action: string, request: JsonValue, position: BulkPosition): string {
  const { after, actionId } = position;
  return encodeParts([nameOf(action, request), after.micros, after.id, actionId]);
}

/** @throws {ApiError} when the text is not a cursor, or that of another request */
export function decodeBulkCursor(action: string, request: JsonValue, text: string): BulkPosition {
  const parts = decodeParts(cursorSchema, text);
  if (parts === undefined)
    throw validationError([{ path: 'cursor', message: 'must be the cursor of the previous response' }]);
  const [name, micros, id, actionId] = parts;
  if (name !== nameOf(action, request))
    throw validationError([
      {
        path: 'cursor',
        message: 'must be used with the request whose response had it: the same change and filters',
      },
    ]);
  return { after: { micros, id }, actionId };
}
