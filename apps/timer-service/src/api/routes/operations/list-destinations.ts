import { destinationListResponseSchema } from '@timer-platform/callback-types';
import type { Api } from '../../api-instance.ts';
import type { Operations } from '../../operations/operations.ts';
import { responses, success } from '../responses.ts';

/** `GET /destinations` */
export function listDestinationsRoute(app: Api, operations: Operations): void {
  app.get(
    '/destinations',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listDestinations',
        tags: ['operations'],
        summary: 'The destinations that have settings, or where the dispatchers deliver now',
        description: 'Each dispatcher reports its 100 most active ones. The result may be a second old.',
        response: responses(200, destinationListResponseSchema, []),
      },
    },
    async () => success({ destinations: await operations.destinations() }),
  );
}
