import { statsResponseSchema } from '@timer-platform/callback-types';
import type { Api } from '../../api-instance.ts';
import type { Operations } from '../../operations/operations.ts';
import { responses, success } from '../responses.ts';

/** `GET /stats` */
export function getStatsRoute(app: Api, operations: Operations): void {
  app.get(
    '/stats',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getStats',
        tags: ['operations'],
        summary:
          'How many timers there are, how late they are, and what the dispatchers did in the last hour',
        description: 'Numbers above 10,000 may be estimates. The result may be a second old.',
        response: responses(200, statsResponseSchema, []),
      },
    },
    async () => success(await operations.stats()),
  );
}
