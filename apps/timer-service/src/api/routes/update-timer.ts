import {
  timerParamsSchema,
  timerResponseSchema,
  updateTimerRequestSchema,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import { updateTimer } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { notInFuture, validationError } from '../http/api-error.ts';
import { changedTimer } from '../timers/changed-timer.ts';
import { expiresBeforeDue, parseTimerUpdate } from '../timers/parse-timer-request.ts';
import { presentTimer } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** `PUT /timers/:id`: pending timers only. */
export function updateTimerRoute(app: Api, context: ApiContext): void {
  const { db, settings, wake, checkCallback, headerKeys } = context;
  app.put(
    '/timers/:id',
    {
      bodyLimit: settings.bodyLimitBytes,
      config: { access: 'write' },
      schema: {
        operationId: 'updateTimer',
        tags: ['timers'],
        summary: 'Update a pending timer',
        description: 'Absent fields are unchanged. After a 200, no attempt starts with the old values.',
        params: timerParamsSchema,
        body: updateTimerRequestSchema,
        response: responses(200, timerResponseSchema, [400, 404, 413, 415]),
      },
    },
    async (request) => {
      const issues: ValidationIssue[] = [];
      const update = parseTimerUpdate(request.body, { prefix: '', issues, checkCallback });
      if (issues.length > 0) throw validationError(issues);
      const result = await updateTimer(db, request.params.id, update, headerKeys);
      if (result.outcome === 'in-the-past') throw notInFuture(['execute_at']);
      if (result.outcome === 'expires-before-due') throw validationError([expiresBeforeDue('')]);
      const timer = changedTimer(result, 'update');
      wake(Number(timer.execute_at));
      return success(presentTimer(timer, request, headerKeys));
    },
  );
}
