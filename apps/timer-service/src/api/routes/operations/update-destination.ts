import {
  destinationParamsSchema,
  destinationResponseSchema,
  updateDestinationRequestSchema,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { changeDestination } from '../../operations/change-destination.ts';
import type { Operations } from '../../operations/operations.ts';
import { responses, success } from '../responses.ts';

/** `PATCH /destinations/:key` */
export function updateDestinationRoute(app: Api, { db }: ApiContext, operations: Operations): void {
  app.patch(
    '/destinations/:key',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'updateDestination',
        tags: ['operations'],
        summary: 'Set or remove the limits of a destination',
        description: 'Needs a key of the role admin. All dispatchers together follow them within a second.',
        params: destinationParamsSchema,
        body: updateDestinationRequestSchema,
        response: responses(200, destinationResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request) => {
      const { rate_per_second: ratePerSecond, max_in_flight: maxInFlight } = request.body;
      const change = { kind: 'limit', ratePerSecond, maxInFlight } as const;
      return success(
        await changeDestination(db, operations, request, {
          destination: request.params.key,
          change,
          body: request.body,
        }),
      );
    },
  );
}
