import {
  previewScheduleRequestSchema,
  previewScheduleResponseSchema,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { validationError } from '../../http/api-error.ts';
import { occurrencesOf } from '../../schedules/occurrences-of.ts';
import { parsePreviewRequest } from '../../schedules/parse-schedule-request.ts';
import { responses, success } from '../responses.ts';

/** `POST /schedules/preview` */
export function previewScheduleRoute(app: Api, { clock, settings }: ApiContext): void {
  app.post(
    '/schedules/preview',
    {
      bodyLimit: settings.bodyLimitBytes,
      config: { access: 'read' },
      schema: {
        operationId: 'previewSchedule',
        tags: ['schedules'],
        summary: 'Show the next occurrences of a timing, without storing it',
        body: previewScheduleRequestSchema,
        response: responses(200, previewScheduleResponseSchema, [400, 413, 415]),
      },
    },
    async (request) => {
      const issues: ValidationIssue[] = [];
      const recurrence = parsePreviewRequest(request.body, issues);
      if (recurrence === undefined || issues.length > 0) throw validationError(issues);
      const { from, count, max_occurrences } = request.body;
      const instants = await occurrencesOf(
        recurrence,
        {
          afterMs: typeof from === 'string' ? Date.parse(from) : clock.wallMs(),
          untilMs: Number.POSITIVE_INFINITY,
          limit: Math.min(count, max_occurrences ?? count),
        },
        clock,
      );
      const occurrences = instants.map((at) => ({
        at: new Date(at).toISOString(),
        local: recurrence.local(at),
        shifted: recurrence.classify(at),
      }));
      return success({ description: recurrence.describe(), occurrences });
    },
  );
}
