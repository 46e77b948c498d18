import { actionParamsSchema, undoResponseSchema } from '@timer-platform/callback-types';
import { undoAction } from '@timer-platform/database';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { clientNameOf } from '../../auth/authenticate.ts';
import { errorOf } from '../../http/api-error.ts';
import { responses, success } from '../responses.ts';

/** How long one request restores timers, in milliseconds. */
const UNDO_MS = 5_000;

/** `POST /actions/:id/undo` */
export function undoActionRoute(app: Api, { db, clock, wake }: ApiContext): void {
  app.post(
    '/actions/:id/undo',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'undoAction',
        tags: ['operations'],
        summary: 'Undo a cancellation or a reschedule of many timers',
        description:
          'Leaves alone what was changed since. Within 24 hours. Repeat the request while `more` is true.',
        params: actionParamsSchema,
        response: responses(200, undoResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const budget = { monotonicMs: () => clock.monotonicMs(), ms: UNDO_MS };
      const result = await undoAction(db, request.params.id, clientNameOf(request), budget);
      switch (result.outcome) {
        case 'not-found':
          throw errorOf('action_not_found', 'action not found');
        case 'not-undoable':
          throw errorOf(
            'not_undoable',
            `cannot undo ${result.action}: only cancel_timers and reschedule_timers, within 24 hours`,
          );
        case 'already-undone':
          throw errorOf('already_undone', 'the action was undone before');
        case 'undone': {
          const { restored, skipped, more, id } = result;
          if (restored > 0) wake();
          return success({ restored, skipped, more, action_id: id });
        }
      }
    },
  );
}
