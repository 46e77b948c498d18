import { destinationParamsSchema, destinationResponseSchema } from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { readDestination } from '../../operations/read-destinations.ts';
import { responses, success } from '../responses.ts';

/** `GET /destinations/:key` */
export function getDestinationRoute(app: Api, { db }: ApiContext): void {
  app.get(
    '/destinations/:key',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getDestination',
        tags: ['operations'],
        summary: 'Read a destination',
        description: 'One without settings where nothing happens has zeros.',
        params: destinationParamsSchema,
        response: responses(200, destinationResponseSchema, [400]),
      },
    },
    async (request) => success(await readDestination(db, request.params.key)),
  );
}
