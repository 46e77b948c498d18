import { type Attempt, attemptListResponseSchema, timerParamsSchema } from '@timer-platform/callback-types';
import { type AttemptRow, findTimer, listAttempts } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { timerNotFound } from '../http/api-error.ts';
import { presentInstant } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** 0 for rows with infinite instants, which only SQL can write. */
function finite(ms: number): number {
  return Number.isFinite(ms) ? ms : 0;
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    number: row.number,
    due_at: presentInstant(row.due_at),
    started_at: presentInstant(row.started_at),
    finished_at: presentInstant(row.finished_at),
    duration_ms: finite(Number(row.finished_at) - Number(row.started_at)),
    outcome: row.error === null ? 'delivered' : 'failed',
    status_code: row.status_code,
    error: row.error,
  };
}

/** `GET /timers/:id/attempts` */
export function listAttemptsRoute(app: Api, { db }: ApiContext): void {
  app.get(
    '/timers/:id/attempts',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listAttempts',
        tags: ['timers'],
        summary: 'List the ended attempts of a timer, oldest first',
        params: timerParamsSchema,
        response: responses(200, attemptListResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const attempts = await listAttempts(db, request.params.id);
      if (attempts.length === 0 && (await findTimer(db, request.params.id)) === undefined)
        throw timerNotFound();
      return success({ attempts: attempts.map(toAttempt) });
    },
  );
}
