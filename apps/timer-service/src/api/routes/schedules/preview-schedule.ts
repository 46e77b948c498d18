import {
  type PreviewedOccurrence,
  previewScheduleRequestSchema,
  previewScheduleResponseSchema,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { validationError } from '../../http/api-error.ts';
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
    (request) => {
      const issues: ValidationIssue[] = [];
      const recurrence = parsePreviewRequest(request.body, issues);
      if (recurrence === undefined || issues.length > 0) throw validationError(issues);
      const { from, count, max_occurrences } = request.body;
      const most = Math.min(count, max_occurrences ?? count);
      const occurrences: PreviewedOccurrence[] = [];
      let at = recurrence.next(typeof from === 'string' ? Date.parse(from) : clock.wallMs());
      while (at !== undefined && occurrences.length < most) {
        occurrences.push({
          at: new Date(at).toISOString(),
          local: recurrence.local(at),
          shifted: recurrence.classify(at),
        });
        at = recurrence.next(at);
      }
      return success({ description: recurrence.describe(), occurrences });
    },
  );
}
