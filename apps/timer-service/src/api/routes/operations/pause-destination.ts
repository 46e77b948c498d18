import {
  destinationParamsSchema,
  destinationResponseSchema,
  pauseDestinationRequestSchema,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { changeDestination } from '../../operations/change-destination.ts';
import type { Operations } from '../../operations/operations.ts';
import { responses, success } from '../responses.ts';
import { optionalBody } from '../schedules/optional-body.ts';

/** `POST /destinations/:key/pause` */
export function pauseDestinationRoute(app: Api, { db }: ApiContext, operations: Operations): void {
  app.post(
    '/destinations/:key/pause',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'pauseDestination',
        tags: ['operations'],
        summary: 'Stop deliveries to a destination',
        description:
          'Needs a key of the role admin. Within a second, no attempt starts on any dispatcher; those under way finish. Due timers wait without using an attempt.',
        params: destinationParamsSchema,
        body: optionalBody(pauseDestinationRequestSchema),
        response: responses(200, destinationResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request) => {
      const { note = null } = request.body;
      const change = { kind: 'pause', note } as const;
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
