import {
  destinationParamsSchema,
  destinationResponseSchema,
  resumeDestinationRequestSchema,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { changeDestination } from '../../operations/change-destination.ts';
import type { Operations } from '../../operations/operations.ts';
import { responses, success } from '../responses.ts';
import { optionalBody } from '../schedules/optional-body.ts';

/** `POST /destinations/:key/resume` */
export function resumeDestinationRoute(app: Api, { db }: ApiContext, operations: Operations): void {
  app.post(
    '/destinations/:key/resume',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'resumeDestination',
        tags: ['operations'],
        summary: 'Deliver to a paused destination again',
        description:
          'Needs a key of the role admin. The timers that waited become due within seconds, as fast as the limits allow. One that is not paused is left as it is.',
        params: destinationParamsSchema,
        body: optionalBody(resumeDestinationRequestSchema),
        response: responses(200, destinationResponseSchema, [400, 413, 415]),
      },
    },
    async (request) => {
      const { params, body } = request;
      return success(
        await changeDestination(db, operations, request, {
          destination: params.key,
          change: { kind: 'resume' },
          body,
        }),
      );
    },
  );
}
