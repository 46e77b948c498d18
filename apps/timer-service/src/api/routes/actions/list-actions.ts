import {
  actionListResponseSchema,
  listActionsQuerySchema,
  type OperatorAction,
} from '@timer-platform/callback-types';
import { type ActionPosition, listActions, type OperatorActionRow } from '@timer-platform/database';
import { z } from 'zod';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { validationError } from '../../http/api-error.ts';
import { decodeParts, encodeParts } from '../../timers/position-cursor.ts';
import { responses, success } from '../responses.ts';

const cursorSchema = z.tuple([z.string().regex(/^\d{1,17}$/), z.guid()]);

/** @throws {ApiError} when the text is not a cursor */
function decodePosition(text: string): ActionPosition {
  const parts = decodeParts(cursorSchema, text);
  if (parts === undefined)
    throw validationError([{ path: 'query.cursor', message: 'must be the next_cursor of an earlier page' }]);
  const [micros, id] = parts;
  return { micros, id };
}

function presentAction(row: OperatorActionRow): OperatorAction {
  return {
    id: row.id,
    at: row.at.toISOString(),
    client: row.client,
    action: row.action,
    target: row.target,
    request: row.request,
    affected: row.affected,
    undo_of: row.undo_of,
    undone_at: row.undone_at?.toISOString() ?? null,
    undoable: row.undoable,
  };
}

/** `GET /actions` */
export function listActionsRoute(app: Api, { db }: ApiContext): void {
  app.get(
    '/actions',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listActions',
        tags: ['operations'],
        summary: 'List what operators have changed, newest first',
        querystring: listActionsQuerySchema,
        response: responses(200, actionListResponseSchema, [400]),
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const after = cursor === undefined ? undefined : decodePosition(cursor);
      const { actions, next } = await listActions(db, limit, after);
      return success({
        actions: actions.map(presentAction),
        limit,
        next_cursor: next === undefined ? null : encodeParts([next.micros, next.id]),
      });
    },
  );
}
